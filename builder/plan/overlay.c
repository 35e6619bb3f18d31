/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/overlay.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

DEFINE_CLEANUP(struct archive *, archive_read_free)
#define AUTOARCHIVE CLEANUP(archive_read_freep)

/** An archive that is being read. */
struct unpacking {
	struct archive *archive;
	struct overlay *overlay;
	/** Bytes in all files so far. */
	size_t bytes;
};

static int archive_failed(struct archive *archive, struct error *err)
{
	const char *why = archive_error_string(archive);

	return error_set(err, -EINVAL, "not a tar archive that can be read: %s",
			 why ? why : "unknown reason");
}

/* Only filters that need no other program. */
static int open_archive(struct archive *archive, const struct buf *content, struct error *err)
{
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_tar(archive);

	if (archive_read_open_memory(archive, buf_text(content), content->len) != ARCHIVE_OK)
		return archive_failed(archive, err);
	return 0;
}

static int bad_entry(const char *name, const char *why, struct error *err)
{
	AUTOFREE char *shown = xstrdup(name);

	text_make_printable(shown);
	return error_set(err, -EINVAL, "'%s' %s", shown, why);
}

/* The path below the directory to unpack in; "" for that directory itself. */
static int clean_path(const char *name, char **ret, struct error *err)
{
	AUTOBUF struct buf path = { 0 };

	if (*name == '/')
		return bad_entry(name, "is an absolute path", err);

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return bad_entry(name, "has a control character in its path", err);

	for (const char *p = name; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && memcmp(p, "..", 2) == 0)
			return bad_entry(name, "leads upwards by '..'", err);
		if (len && !(len == 1 && *p == '.')) {
			buf_adds(&path, "/");
			buf_add(&path, p, len);
		}
		p += len + (p[len] == '/');
	}

	if (path.len > OVERLAY_MAX_PATH)
		return error_set(err, -EINVAL, "a path has more than %d bytes", OVERLAY_MAX_PATH);
	*ret = xstrdup(buf_text(&path));
	return 0;
}

static int read_content(struct unpacking *u, struct overlay_entry *entry, struct error *err)
{
	enum { CHUNK = 64 << 10 };

	for (;;) {
		char *end = buf_reserve(&entry->content, CHUNK);

		la_ssize_t n = archive_read_data(u->archive, end, CHUNK);
		if (n < 0)
			return archive_failed(u->archive, err);
		if (n == 0)
			return 0;

		u->bytes += (size_t)n;
		if (u->bytes > OVERLAY_MAX_BYTES)
			return error_set(err, -EFBIG, "the archive holds more than %d MiB",
					 OVERLAY_MAX_BYTES >> 20);
		entry->content.len += (size_t)n;
		entry->content.data[entry->content.len] = '\0';
	}
}

static int set_type(struct archive_entry *from, struct overlay_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(from);

	if (archive_entry_hardlink(from))
		return bad_entry(name, "is a hard link", err);

	switch (archive_entry_filetype(from)) {
	case AE_IFREG: entry->type = FILE_REGULAR; return 0;
	case AE_IFDIR: entry->type = FILE_DIRECTORY; return 0;
	case AE_IFLNK: entry->type = FILE_SYMLINK; break;
	default: return bad_entry(name, "is a special file", err);
	}

	const char *target = archive_entry_symlink(from);
	if (!target || !*target)
		return bad_entry(name, "is a symbolic link to nowhere", err);
	if (strlen(target) >= PATH_MAX)
		return bad_entry(name, "is a symbolic link to a path of more than 4095 bytes", err);

	entry->target = xstrdup(target);
	return 0;
}

static int set_attr(struct archive_entry *from, struct overlay_entry *entry, struct error *err)
{
	la_int64_t uid = archive_entry_uid(from), gid = archive_entry_gid(from);

	/* The highest number means "none" to chown(2). */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return bad_entry(archive_entry_pathname(from), "has an owner that cannot be", err);

	entry->attr = (struct file_attr){
		.uid = (uid_t)uid,
		.gid = (gid_t)gid,
		.mode = archive_entry_perm(from) & 07777,
	};
	return 0;
}

static int add_entry(struct unpacking *u, struct archive_entry *from, struct error *err)
{
	const char *name = archive_entry_pathname(from);
	AUTOFREE char *path = NULL;

	if (!name)
		return error_set(err, -EINVAL, "an entry has no name");

	int r = clean_path(name, &path, err);
	if (r < 0)
		return r;
	if (u->overlay->count >= OVERLAY_MAX_ENTRIES)
		return error_set(err, -EFBIG, "the archive has more than %d entries",
				 OVERLAY_MAX_ENTRIES);

	struct overlay_entry *entry = ARRAY_ADD(u->overlay->list, u->overlay->count);
	entry->path = TAKE(path);
	r = set_type(from, entry, err);
	if (r == 0)
		r = set_attr(from, entry, err);
	if (r == 0 && !*entry->path && entry->type != FILE_DIRECTORY)
		r = bad_entry(name, "has no name below the directory", err);
	if (r == 0 && entry->type == FILE_REGULAR)
		r = read_content(u, entry, err);
	return r;
}

/* Order in which everything below a path follows it directly: '/' before all other characters. */
static int compare_paths(const void *a, const void *b)
{
	const char *x = (*(const struct overlay_entry *const *)a)->path;
	const char *y = (*(const struct overlay_entry *const *)b)->path;

	while (*x && *x == *y) {
		x++;
		y++;
	}

	if (*x == *y)
		return 0;
	if (!*x || !*y)
		return *x ? 1 : -1;
	if (*x == '/' || *y == '/')
		return *x == '/' ? -1 : 1;
	return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
}

static bool is_below(const char *path, const char *dir)
{
	return text_starts(path, dir) && path[strlen(dir)] == '/';
}

/* A link in an archive could lead what is "below" it to any other place. */
static int check_parents(const struct overlay *overlay, struct error *err)
{
	AUTOFREE const struct overlay_entry **sorted = xcalloc(overlay->count, sizeof(*sorted));
	const struct overlay_entry *blocker = NULL;

	for (size_t i = 0; i < overlay->count; i++)
		sorted[i] = &overlay->list[i];
	qsort(sorted, overlay->count, sizeof(*sorted), compare_paths);

	for (size_t i = 0; i < overlay->count; i++) {
		if (blocker && is_below(sorted[i]->path, blocker->path))
			return error_set(err, -EINVAL, "'%s' is below '%s', which is a %s",
					 sorted[i]->path, blocker->path,
					 blocker->type == FILE_SYMLINK ? "symbolic link" : "file");
		if (sorted[i]->type != FILE_DIRECTORY)
			blocker = sorted[i];
	}

	return 0;
}

static int read_entries(struct unpacking *u, struct error *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = archive_read_next_header(u->archive, &entry)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return archive_failed(u->archive, err);

		r = add_entry(u, entry, err);
		if (r < 0)
			return r;
	}

	return check_parents(u->overlay, err);
}

static int read_archive(const struct buf *archive, struct overlay *overlay, struct error *err)
{
	AUTOARCHIVE struct archive *reader = archive_read_new();
	struct unpacking u = { .archive = reader, .overlay = overlay };

	if (!reader)
		return error_set_errno(err, -ENOMEM, "read an archive");

	int r = open_archive(reader, archive, err);
	return r < 0 ? r : read_entries(&u, err);
}

int overlay_read(const struct buf *archive, struct overlay *ret, struct error *err)
{
	AUTOOVERLAY struct overlay overlay = { 0 };

	/* libarchive converts names to the locale's character set; in this one none gets lost. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(utf8);
	int r = read_archive(archive, &overlay, err);
	uselocale(before);
	if (utf8)
		freelocale(utf8);
	if (r < 0)
		return r;

	*ret = overlay;
	overlay = (struct overlay){ 0 };
	return 0;
}

void overlay_free(struct overlay *overlay)
{
	for (size_t i = 0; i < overlay->count; i++) {
		free(overlay->list[i].path);
		free(overlay->list[i].target);
		buf_free(&overlay->list[i].content);
	}

	free(overlay->list);
	*overlay = (struct overlay){ 0 };
}
