// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * replay FILE...: runs a fuzzer's inputs once each, with any compiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/types.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/* Passes the input in memory of its exact length, for sanitizers. */
static int replay(const char *path)
{
	FILE *file = fopen(path, "r");
	long len = -1;
	u8 *data;

	if (!file || fseek(file, 0, SEEK_END) || (len = ftell(file)) < 0) {
		perror(path);
		return 1;
	}
	rewind(file);
	data = malloc(len);
	if (fread(data, 1, len, file) != (size_t)len)
		return 1;
	fclose(file);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	return argc < 2;
}
