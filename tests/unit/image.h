/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Images for tests, made and read by other programs.
 */
#pragma once

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/backend.h"
#include "test.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"

/** An image in a directory of its own.  The FAT starts at 1 MiB, the ext4 behind it. */
struct image {
	char dir[32];
	/** In the directory; owned. */
	char *path;
	int fd;
	struct layout layout;
};

/** Run a shell command and return what it prints; it must succeed.  $img is the image. */
static inline struct buf shell(const struct image *image, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline struct buf shell(const struct image *image, const char *format, ...)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct buf output = { 0 };
	va_list args;

	va_start(args, format);
	AUTOFREE char *text = xvasprintf(format, args);
	va_end(args);

	AUTOFREE char *command =
		xasprintf("exec 2>&1; PATH=$PATH:/usr/sbin:/sbin; cd %s; %s", image->dir, text);
	AUTOFREE char *img = xasprintf("img=%s", image->path);
	const char *const argv[] = { "bash", "-euo", "pipefail", "-c", command, NULL };
	const char *const env[] = { img, "LC_ALL=C", "MTOOLS_SKIP_CHECK=1", "TZ=UTC", NULL };
	int status = -1;
	const struct process process = { .argv = argv, .env = env, .output = &output };

	if (process_run(&process, &status, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	if (status != 0)
		fail_msg("%s: status %d: %s", text, status, buf_text(&output));
	return output;
}

/** Run a shell command whose output does not matter. */
#define RUN(image, ...)                                                  \
	do {                                                             \
		AUTOBUF struct buf ignored_ = shell(image, __VA_ARGS__); \
	} while (0)

/** Check what a shell command prints. */
#define assert_shell(image, want, ...)                                   \
	do {                                                             \
		AUTOBUF struct buf printed_ = shell(image, __VA_ARGS__); \
		assert_text(#__VA_ARGS__, buf_text(&printed_), (want));  \
	} while (0)

/** Make an empty directory for an image. */
static inline void image_init(struct image *image)
{
	/* Programs that make file systems flush them, which takes time on a disk. */
	bool shm = access("/dev/shm", W_OK) == 0;

	*image = (struct image){ .fd = -1 };
	(void)snprintf(image->dir, sizeof(image->dir), "%s/nib-test-XXXXXX",
		       shm ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(image->dir));
	image->path = xasprintf("%s/disk.img", image->dir);
}

/** Open the image and read its layout. */
static inline void image_open(struct image *image)
{
	AUTOERROR struct error err = ERROR_NONE;

	closep(&image->fd);
	layout_free(&image->layout);
	image->fd = open(image->path, O_RDWR | O_CLOEXEC);
	assert_true(image->fd >= 0);
	if (layout_read(image->fd, image->path, &image->layout, &err) < 0)
		fail_msg("%s", err.message);
}

/** How to make an image.  Unset fields have defaults. */
struct image_options {
	/** Options for mke2fs, and a command that fills the directory "root" before. */
	const char *mke2fs, *root;
	/** Options for mkfs.vfat, and the size of the partition in MiB (8, as a FAT16). */
	const char *fat;
	unsigned fat_mib;
	/** A command to run on the finished image; it finds its partitions at $fat and $ext4. */
	const char *then;
};

/** Make an image with a FAT at 1 MiB and an ext4 of 64 MiB behind it. */
static inline void image_make(struct image *image, const struct image_options *options)
{
	image_init(image);
	RUN(image,
	    "p1=2048 s1=$((%u * 2048)); p2=$((p1 + s1)) s2=131072; "
	    "truncate -s $(((p2 + s2) * 512)) $img; "
	    "printf 'label: dos\nlabel-id: 0x12345678\nstart=%%s, size=%%s, type=%%s\n"
	    "start=%%s, size=%%s, type=%%s\n' $p1 $s1 c $p2 $s2 83 | sfdisk -q $img; "
	    "mkfs.vfat %s -i 12345678 -n BOOTFS --offset $p1 $img $((s1 / 2)); "
	    "mkdir -p root/{etc,boot/firmware}; ( cd root; %s; ) ; "
	    "mke2fs -q -F -t ext4 -T default %s -L rootfs -E offset=$((p2 * 512)),root_owner=0:0 "
	    "-d root $img 64M; fat=$img@@$((p1 * 512)) ext4=\"$img?offset=$((p2 * 512))\"; %s",
	    options->fat_mib ? options->fat_mib : 8, options->fat ? options->fat : "-F 16 -s 1",
	    options->root ? options->root : ":", options->mke2fs ? options->mke2fs : "",
	    options->then ? options->then : ":");
	image_open(image);
}

/** What e2fsprogs call the ext4 of an image; owned by the caller. */
static inline char *image_ext4(const struct image *image)
{
	return xasprintf("'%s?offset=%" PRIu64 "'", image->path,
			 image->layout.partitions[1].offset);
}

/** Run a file system checker over both file systems; anything it says is a failure. */
static inline void image_check(const struct image *image)
{
	for (size_t i = 0; i < image->layout.count; i++) {
		const struct partition *part = &image->layout.partitions[i];

		if (strcmp(part->fs_type, "vfat") == 0)
			RUN(image,
			    "dd if=$img of=fat bs=512 skip=%" PRIu64 " count=%" PRIu64
			    " status=none; fsck.vfat -n fat",
			    part->offset / 512, part->size / 512);
		else
			RUN(image, "e2fsck -fn \"$img?offset=%" PRIu64 "\"", part->offset);
	}
}

/** Open the file systems by the direct back end; the root, and the FAT below /boot/firmware. */
static inline struct backend *image_mount_at(struct image *image, bool read_only, int64_t now)
{
	AUTOERROR struct error err = ERROR_NONE;
	struct backend *b = NULL;

	int r = backend_direct.open(image->fd, read_only, now, &b, &err);
	if (r == 0)
		r = b->ops->mount(b, &image->layout.partitions[1], "/", &err);
	if (r == 0)
		r = b->ops->mount(b, &image->layout.partitions[0], "/boot/firmware", &err);
	if (r < 0)
		fail_msg("%s", err.message);
	return b;
}

/** The same, in November 2023. */
static inline struct backend *image_mount(struct image *image, bool read_only)
{
	return image_mount_at(image, read_only, 1700000000);
}

/** Flush and release a back end. */
static inline void image_finish(struct backend *b)
{
	AUTOERROR struct error err = ERROR_NONE;

	if (b->ops->finish(b, &err) < 0)
		fail_msg("%s", err.message);
	backend_free(b);
}

/** Remove the image and its directory. */
static inline void image_done(struct image *image)
{
	closep(&image->fd);
	layout_free(&image->layout);
	RUN(image, "rm -rf %s", image->dir);
	free(image->path);
}
#define AUTOIMAGE CLEANUP(image_done)

/** Fail with the message of an operation that has to succeed. */
#define assert_ok(call)                                          \
	do {                                                     \
		AUTOERROR struct error err_ = ERROR_NONE;        \
		struct error *err = &err_;                       \
		if ((call) < 0)                                  \
			fail_msg("%s: %s", #call, err_.message); \
	} while (0)

/** Owner and mode of most files. */
static const struct file_attr root_0644 = { 0, 0, 0644 };

/** Bytes that tell whether any of them are in the wrong place. */
static inline struct buf pattern(size_t len, unsigned seed)
{
	struct buf buf = { 0 };
	char *data = buf_reserve(&buf, len);

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 + i / 251 + seed);
	buf.len = len;
	return buf;
}

/** Write a file. */
static inline void put(struct backend *b, const char *path, const struct buf *content,
		       const struct file_attr *attr)
{
	assert_ok(b->ops->write(b, path, content, attr, err));
}

/** Write a text, as root. */
static inline void put_text(struct backend *b, const char *path, const char *text)
{
	AUTOBUF struct buf content = buf_from(text);

	put(b, path, &content, &root_0644);
}

/** Compare what debugfs reads from a file. */
static inline void assert_content(const struct image *image, const char *path,
				  const struct buf *want)
{
	AUTOFREE char *ext4 = image_ext4(image), *name = xasprintf("%s/want", image->dir);

	AUTOCLOSE int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(file_write_fd(fd, buf_text(want), want->len), 0);
	RUN(image, "debugfs -R 'dump \"%s\" got' %s; cmp got want", path, ext4);
}

/** Look for a line in what debugfs says of a file. */
static inline void assert_stat(const struct image *image, const char *path, const char *line)
{
	AUTOFREE char *ext4 = image_ext4(image);

	RUN(image, "debugfs -R 'stat \"%s\"' %s | tee stat | grep -Eq '%s' || { cat stat; false; }",
	    path, ext4, line);
}
