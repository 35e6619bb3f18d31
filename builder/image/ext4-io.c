/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "image/ext4.h"
#include "util/alloc.h"
#include "util/file.h"

/* What was written is kept in pieces of this size, one bit each. */
enum { TOUCH_SHIFT = 16 };

/** The part of the file that may be touched. */
struct window {
	int fd;
	uint64_t offset, size;
	/** One bit for each piece that was written to. */
	uint8_t *touched;
};

static errcode_t io_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;

	free(((struct window *)channel->private_data)->touched);
	free(channel->private_data);
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t io_open(const char *name, int flags, io_channel *ret)
{
	struct window window = { 0 };

	if (sscanf(name, "%d:%" SCNu64 ":%" SCNu64, &window.fd, &window.offset, &window.size) != 3)
		return EXT2_ET_BAD_DEVICE_NAME;

	window.touched = xcalloc((window.size >> TOUCH_SHIFT) / 8 + 1, 1);
	io_channel channel = xcalloc(1, sizeof(*channel));
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	channel->manager = (io_manager)(uintptr_t)&ext4_io;
	channel->name = xstrdup(name);
	channel->block_size = 1024;
	channel->refcount = 1;
	channel->flags = flags & IO_FLAG_RW;
	channel->private_data = xcalloc(1, sizeof(window));
	*(struct window *)channel->private_data = window;
	*ret = channel;
	return 0;
}

static errcode_t io_set_blksize(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

/* A negative count is a number of bytes. */
static bool range(io_channel channel, unsigned long long block, int count, uint64_t *pos,
		  size_t *len)
{
	const struct window *window = channel->private_data;
	uint64_t start, end;

	*len = count < 0 ? (size_t) - (int64_t)count : (size_t)count * (size_t)channel->block_size;
	if (__builtin_mul_overflow(block, (uint64_t)channel->block_size, &start) ||
	    __builtin_add_overflow(start, *len, &end) || end > window->size)
		return false;

	*pos = window->offset + start;
	return true;
}

static errcode_t io_read(io_channel channel, unsigned long long block, int count, void *data)
{
	const struct window *window = channel->private_data;
	uint64_t pos;
	size_t len;

	if (!range(channel, block, count, &pos, &len))
		return EXT2_ET_SHORT_READ;

	int r = file_read_at(window->fd, data, len, pos);
	return r == -EIO ? EXT2_ET_SHORT_READ : -r;
}

static void touch(const struct window *window, uint64_t pos, size_t len)
{
	uint64_t start = pos - window->offset;

	for (uint64_t i = start >> TOUCH_SHIFT; len && i <= (start + len - 1) >> TOUCH_SHIFT; i++)
		window->touched[i / 8] |= (uint8_t)(1 << i % 8);
}

void ext4_io_touched(io_channel channel, struct ranges *ret)
{
	const struct window *window = channel->private_data;

	for (uint64_t i = 0; i <= window->size >> TOUCH_SHIFT; i++) {
		uint64_t start = i << TOUCH_SHIFT, end = (i + 1) << TOUCH_SHIFT;

		if (window->touched[i / 8] & 1 << i % 8)
			ranges_add(ret, window->offset + start,
				   window->offset + (end < window->size ? end : window->size));
	}
}

static errcode_t io_write(io_channel channel, unsigned long long block, int count, const void *data)
{
	const struct window *window = channel->private_data;
	uint64_t pos;
	size_t len;

	if (!(channel->flags & IO_FLAG_RW))
		return EXT2_ET_RO_FILSYS;
	if (!range(channel, block, count, &pos, &len))
		return EXT2_ET_SHORT_WRITE;

	touch(window, pos, len);
	return -file_write_at(window->fd, data, len, pos);
}

static errcode_t io_zeroout(io_channel channel, unsigned long long block, unsigned long long count)
{
	static const char zeros[EXT2_MAX_BLOCK_SIZE];
	errcode_t code = 0;

	for (unsigned long long i = 0; i < count && code == 0; i++)
		code = io_write(channel, block + i, 1, zeros);
	return code;
}

static errcode_t io_read_old(io_channel channel, unsigned long block, int count, void *data)
{
	return io_read(channel, block, count, data);
}

static errcode_t io_write_old(io_channel channel, unsigned long block, int count, const void *data)
{
	return io_write(channel, block, count, data);
}

static errcode_t io_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

const struct struct_io_manager ext4_io = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "partition of an image",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read_old,
	.write_blk = io_write_old,
	.flush = io_flush,
	.read_blk64 = io_read,
	.write_blk64 = io_write,
	.zeroout = io_zeroout,
};
