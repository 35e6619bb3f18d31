/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/fstab.h"

#include <string.h>

#include "util/alloc.h"
#include "util/buf.h"

static bool next_field(struct line *rest, struct line *ret)
{
	while (rest->len && (*rest->start == ' ' || *rest->start == '\t')) {
		rest->start++;
		rest->len--;
	}

	*ret = (struct line){ .start = rest->start };
	while (rest->len && *rest->start != ' ' && *rest->start != '\t') {
		rest->start++;
		rest->len--;
		ret->len++;
	}

	return ret->len > 0;
}

static bool parse_entry(struct line line, struct fstab_entry *ret)
{
	return next_field(&line, &ret->device) && ret->device.start[0] != '#' &&
	       next_field(&line, &ret->mount) && next_field(&line, &ret->type);
}

bool fstab_next(const char **pos, struct fstab_entry *ret)
{
	struct line line;

	while (text_next_line(pos, &line))
		if (parse_entry(line, ret))
			return true;

	return false;
}

bool fstab_find(const char *text, const char *mount, struct fstab_entry *ret)
{
	while (fstab_next(&text, ret))
		if (line_is(&ret->mount, mount))
			return true;

	return false;
}

bool fstab_find_boot(const char *text, struct fstab_entry *ret)
{
	while (fstab_next(&text, ret))
		if (line_is(&ret->type, "vfat") &&
		    (line_is(&ret->mount, "/boot/firmware") || line_is(&ret->mount, "/boot")))
			return true;

	return false;
}

/* Where the id of an MBR stands in a device, or NULL. */
static const char *find_id(const struct line *device, const char *id)
{
	static const char *const prefixes[] = { "PARTUUID=", "/dev/disk/by-partuuid/" };
	size_t id_len = strlen(id);

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (device->len > len + id_len && memcmp(device->start, prefixes[i], len) == 0 &&
		    strncasecmp(device->start + len, id, id_len) == 0 &&
		    device->start[len + id_len] == '-')
			return device->start + len;
	}

	return NULL;
}

static void edit_line(struct buf *out, const struct line *line, const char *old, const char *new)
{
	const char *end = line->start + line->len, *id = NULL;
	struct fstab_entry entry;

	if (parse_entry(*line, &entry)) {
		if (line_is(&entry.type, "swap"))
			return;
		id = find_id(&entry.device, old);
	}

	if (id) {
		buf_add(out, line->start, (size_t)(id - line->start));
		buf_adds(out, new);
		id += strlen(old);
		buf_add(out, id, (size_t)(end - id));
	} else {
		buf_add(out, line->start, line->len);
	}
	buf_adds(out, "\n");
}

void fstab_edit(const char *text, const char *old, const char *new, char **ret)
{
	AUTOBUF struct buf out = { 0 };
	struct line line;

	while (text_next_line(&text, &line))
		edit_line(&out, &line, old, new);

	*ret = xstrdup(buf_text(&out));
}
