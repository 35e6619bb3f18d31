/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <string.h>

#include "image/fat.h"

/* A directory has at most 65536 entries. */
enum { MAX_DIRECTORY = 65536 * FAT_ENTRY_SIZE };

enum { ATTR_LABEL = 0x08, ATTR_DIRECTORY = 0x10, ATTR_LONG_NAME = 0x0f, ATTR_MASK = 0x3f };
enum { END = 0x00, DELETED = 0xe5, LOWER_BASE = 0x08, LOWER_EXTENSION = 0x10 };
enum { LAST_PART = 0x40, MAX_PARTS = 20, PART_CHARS = 13 };

/** A directory entry, as it lies on disk; numbers are little endian. */
struct short_entry {
	uint8_t name[11];
	uint8_t attributes, lower_case;
	uint8_t created[7];
	uint16_t cluster_high;
	uint8_t written[4];
	uint16_t cluster_low;
	uint32_t size;
} __attribute__((packed));

/** A part of a long name; the parts lie before the entry, the last one first. */
struct long_entry {
	uint8_t order;
	uint8_t name1[10];
	uint8_t attributes, type, checksum;
	uint8_t name2[12];
	uint16_t cluster;
	uint8_t name3[4];
} __attribute__((packed));

_Static_assert(sizeof(struct short_entry) == FAT_ENTRY_SIZE, "layout on disk");
_Static_assert(sizeof(struct long_entry) == FAT_ENTRY_SIZE, "layout on disk");

/** A long name that is being put together. */
struct long_name {
	uint16_t chars[MAX_PARTS * PART_CHARS];
	/** The part that has to come next; 0 when the name is complete. */
	unsigned next;
	uint8_t checksum;
	bool valid;
};

int fat_read_directory(const struct fat *fat, const struct fs_node *dir, struct buf *ret,
		       struct error *err)
{
	uint64_t first = dir->id ? dir->id : fat->root_cluster;

	if (first)
		return fat_read_chain(fat, first, UINT64_MAX, MAX_DIRECTORY, ret, err);

	return fat_read_root(fat, ret, err);
}

static void take_part(struct long_name *name, const struct long_entry *entry)
{
	unsigned order = entry->order & 0x1f;
	uint8_t bytes[2 * PART_CHARS];

	if (entry->order & LAST_PART) {
		*name = (struct long_name){ .next = order, .checksum = entry->checksum };
		name->valid = order >= 1 && order <= MAX_PARTS;
	}
	if (!name->valid || order == 0 || order != name->next ||
	    entry->checksum != name->checksum) {
		name->valid = false;
		return;
	}

	memcpy(bytes, entry->name1, 10);
	memcpy(bytes + 10, entry->name2, 12);
	memcpy(bytes + 22, entry->name3, 4);
	memcpy(name->chars + (order - 1ul) * PART_CHARS, bytes, sizeof(bytes));
	name->next--;
}

static uint8_t checksum(const uint8_t name[static 11])
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + name[i]);
	return sum;
}

static char *add_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}

	return to;
}

/* At most 255 units of UTF-16, of which each makes at most three bytes. */
static void decode_long(const struct long_name *name, char ret[static 3 * 255 + 1])
{
	char *to = ret;

	for (size_t i = 0; i < 255; i++) {
		uint32_t c = le16toh(name->chars[i]);
		uint32_t low = le16toh(name->chars[i + 1]);

		if (c == 0 || c == 0xffff)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		to = add_utf8(to, c);
	}

	*to = '\0';
}

static char *add_short(char *to, const uint8_t *from, size_t len, bool lower)
{
	while (len && from[len - 1] == ' ')
		len--;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = from[i];

		if (lower && c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		*to++ = c < 0x80 ? (char)c : '_';
	}

	return to;
}

static void decode_short(const struct short_entry *entry, char ret[static 13])
{
	char *to = add_short(ret, entry->name, 8, entry->lower_case & LOWER_BASE);
	char *dot = to;

	*to++ = '.';
	char *end = add_short(to, entry->name + 8, 3, entry->lower_case & LOWER_EXTENSION);
	*(end == to ? dot : end) = '\0';
}

static void decode(const struct fat *fat, const struct short_entry *from,
		   const struct long_name *name, struct fat_entry *ret)
{
	uint32_t cluster = le16toh(from->cluster_low);
	bool is_dir = from->attributes & ATTR_DIRECTORY;

	if (fat->wide)
		cluster |= (uint32_t)le16toh(from->cluster_high) << 16;

	*ret = (struct fat_entry){
		.node.id = cluster,
		.node.stat = {
			.type = is_dir ? FILE_DIRECTORY : FILE_REGULAR,
			.attr.mode = 0755,
			.size = is_dir ? 0 : le32toh(from->size),
		},
	};
	decode_short(from, ret->short_name);
	if (name->valid && name->next == 0 && name->checksum == checksum(from->name))
		decode_long(name, ret->long_name);
}

bool fat_next_entry(const struct fat *fat, const struct buf *bytes, size_t *pos,
		    struct fat_entry *ret)
{
	struct long_name name = { 0 };

	while (*pos + FAT_ENTRY_SIZE <= bytes->len) {
		struct short_entry entry;
		struct long_entry part;

		memcpy(&entry, bytes->data + *pos, sizeof(entry));
		memcpy(&part, bytes->data + *pos, sizeof(part));
		*pos += FAT_ENTRY_SIZE;

		if (entry.name[0] == END)
			return false;
		if (entry.name[0] == DELETED) {
			name.valid = false;
			continue;
		}
		if ((entry.attributes & ATTR_MASK) == ATTR_LONG_NAME) {
			take_part(&name, &part);
			continue;
		}
		if (entry.attributes & ATTR_LABEL || entry.name[0] == '.') {
			name.valid = false;
			continue;
		}

		decode(fat, &entry, &name, ret);
		return true;
	}

	return false;
}
