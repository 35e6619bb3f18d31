/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <locale.h>
#include <string.h>

enum { SIZE = 4 << 20 };

static mode_t type_of(char type)
{
	switch (type) {
	case 'd': return AE_IFDIR;
	case 'l': return AE_IFLNK;
	case 'p': return AE_IFIFO;
	case 'c': return AE_IFCHR;
	default: return AE_IFREG;
	}
}

static void add(struct archive *archive, const struct fake_entry *from)
{
	struct archive_entry *entry = archive_entry_new();
	const char *text = from->text ? from->text : "";

	archive_entry_set_pathname(entry, from->path);
	archive_entry_set_filetype(entry, type_of(from->type));
	archive_entry_set_perm(entry, from->mode);
	archive_entry_set_uid(entry, from->uid);
	archive_entry_set_gid(entry, from->uid);
	if (from->type == 'f')
		archive_entry_set_size(entry, (la_int64_t)strlen(text));
	if (from->type == 'l')
		archive_entry_set_symlink(entry, text);
	if (from->type == 'h')
		archive_entry_set_hardlink(entry, text);

	assert(archive_write_header(archive, entry) == ARCHIVE_OK);
	if (from->type == 'f')
		assert(archive_write_data(archive, text, strlen(text)) == (la_ssize_t)strlen(text));
	archive_entry_free(entry);
}

struct buf fake_archive(const struct fake_entry *entries, int filter, int format)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = uselocale(utf8);
	struct archive *archive = archive_write_new();
	struct buf ret = { 0 };
	size_t used = 0;

	assert(archive_write_add_filter(archive, filter) == ARCHIVE_OK);
	assert(archive_write_set_format(archive, format) == ARCHIVE_OK);
	assert(archive_write_open_memory(archive, buf_reserve(&ret, SIZE), SIZE, &used) ==
	       ARCHIVE_OK);
	for (; entries->path; entries++)
		add(archive, entries);
	assert(archive_write_close(archive) == ARCHIVE_OK);
	archive_write_free(archive);
	uselocale(before);
	freelocale(utf8);

	ret.len = used;
	return ret;
}
