// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Measures the layer and its loopback device "lo" from inside the kernel, for
 * bench/core/guest.py. A line written to /dev/dibs_bench is a command; read()
 * returns its result:
 *
 *	run CASE SIZE CPUS MSECS	ns per operation, averaged over the CPUs
 *	fill NR LEN			registers NR DMBs, which stay: ns per
 *					registration, bytes of memory for all
 *	empty				unregisters them
 *
 * Meant for an otherwise idle machine.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <linux/dibs_client.h>

#include "bench.h"

#define BENCH_LINE	80
#define BENCH_MSECS_MAX	10000
#define BENCH_FILL_MAX	1000000

struct dibs_client *bench_client;

static DEFINE_MUTEX(bench_lock);	/* serializes commands and results */
static char bench_result[BENCH_LINE];

static DEFINE_MUTEX(bench_dev_lock);	/* guards bench_dev */
static struct dibs_dev *bench_dev;

static int bench_add_dev(struct dibs_client *client, struct dibs_dev *dev)
{
	if (strcmp(dibs_dev_name(dev), "lo") || !dibs_dev_shared(dev))
		return -EOPNOTSUPP;
	mutex_lock(&bench_dev_lock);
	bench_dev = dibs_dev_get(dev);
	mutex_unlock(&bench_dev_lock);
	return 0;
}

static void bench_del_dev(struct dibs_client *client, struct dibs_dev *dev)
{
	mutex_lock(&bench_dev_lock);
	dibs_dev_put(bench_dev);
	bench_dev = NULL;
	mutex_unlock(&bench_dev_lock);
}

static void bench_handle_signal(struct dibs_dmb *dmb, u16 mask)
{
	bench_signalled(dibs_dmb_priv(dmb));
}

static void bench_handle_event(struct dibs_client *client,
			       struct dibs_dev *dev,
			       const struct dibs_event *event)
{
}

static const struct dibs_client_ops bench_client_ops = {
	.add_dev = bench_add_dev,
	.del_dev = bench_del_dev,
	.handle_signal = bench_handle_signal,
	.handle_event = bench_handle_event,
};

static struct dibs_dev *bench_dev_get(void)
{
	struct dibs_dev *dev;

	mutex_lock(&bench_dev_lock);
	dev = bench_dev ? dibs_dev_get(bench_dev) : NULL;
	mutex_unlock(&bench_dev_lock);
	return dev;
}

static int bench_command_run(struct dibs_dev *dev, const char *line)
{
	const struct bench_case *test;
	u32 size, cpus, msecs;
	char name[32];
	u64 tenths_ns;
	int err;

	if (sscanf(line, "run %31s %u %u %u", name, &size, &cpus, &msecs) != 4)
		return -EINVAL;
	test = bench_case_find(name);
	if (!test)
		return -ENOENT;
	if (!size || size > BENCH_RING || !cpus || cpus > num_online_cpus() ||
	    msecs > BENCH_MSECS_MAX)
		return -ERANGE;
	err = bench_run(test, dev, size, cpus, msecs, &tenths_ns);
	if (!err)
		snprintf(bench_result, sizeof(bench_result), "%llu.%llu\n",
			 tenths_ns / 10, tenths_ns % 10);
	return err;
}

static int bench_command_fill(struct dibs_dev *dev, const char *line)
{
	u64 tenths_ns, bytes;
	u32 nr, len;
	int err;

	if (sscanf(line, "fill %u %u", &nr, &len) != 2)
		return -EINVAL;
	if (!nr || nr > BENCH_FILL_MAX)
		return -ERANGE;
	err = bench_fill(dev, nr, len, &tenths_ns, &bytes);
	if (err)
		bench_empty();
	else
		snprintf(bench_result, sizeof(bench_result), "%llu.%llu %lld\n",
			 tenths_ns / 10, tenths_ns % 10, bytes);
	return err;
}

static int bench_command(struct dibs_dev *dev, const char *line)
{
	lockdep_assert_held(&bench_lock);
	if (strstarts(line, "run "))
		return bench_command_run(dev, line);
	if (strstarts(line, "fill "))
		return bench_command_fill(dev, line);
	if (strcmp(line, "empty"))
		return -EINVAL;
	bench_empty();
	bench_result[0] = 0;
	return 0;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	struct dibs_dev *dev;
	char *line;
	int err;

	if (len >= BENCH_LINE)
		return -EINVAL;
	line = memdup_user_nul(buf, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	err = -ENODEV;
	dev = bench_dev_get();
	if (!dev)
		goto free;
	mutex_lock(&bench_lock);
	err = bench_command(dev, strim(line));
	mutex_unlock(&bench_lock);
	dibs_dev_put(dev);
free:
	kfree(line);
	*pos = 0;	/* the result is read from its start */
	return err ? : len;
}

static ssize_t bench_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	ssize_t n;

	mutex_lock(&bench_lock);
	n = simple_read_from_buffer(buf, len, pos, bench_result,
				    strlen(bench_result));
	mutex_unlock(&bench_lock);
	return n;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.read = bench_read,
	.write = bench_write,
};

static struct miscdevice bench_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dibs_bench",
	.fops = &bench_fops,
	.mode = 0600,
};

static int __init bench_init(void)
{
	int err;

	bench_client = dibs_register_client(&bench_client_ops, "bench", NULL);
	if (IS_ERR(bench_client))
		return PTR_ERR(bench_client);
	err = misc_register(&bench_misc);
	if (err)
		dibs_unregister_client(bench_client);
	return err;
}

static void __exit bench_exit(void)
{
	misc_deregister(&bench_misc);
	bench_empty();
	dibs_unregister_client(bench_client);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Direct Internal Buffer Sharing: benchmark");
MODULE_AUTHOR("The DIBS authors");
MODULE_LICENSE("GPL");
