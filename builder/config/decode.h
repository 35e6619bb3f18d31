/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From a tree to C structs, by tables that say which keys there are.
 *
 * The same tables make the JSON schema (config/schema.h) and decide what an
 * unknown key may have been meant to be.
 */
#pragma once

#include <stddef.h>

#include "config/arena.h"
#include "config/tree.h"
#include "util/diag.h"

/** Most elements of a list, so that defaults merged into nodes stay bearable. */
#define DECODE_MAX_LIST 10000
/** Longest text in bytes, but for the content of files. */
#define DECODE_MAX_TEXT 4096

/** What a key holds, and which C type it is decoded to. */
enum field_type {
	/** struct text. */
	FIELD_TEXT,
	/** struct text: any length, several lines, "" is fine. */
	FIELD_CONTENT,
	/** struct text: octal permission bits, brought to the form "0644". */
	FIELD_MODE,
	/** struct texts. */
	FIELD_TEXTS,
	/** struct flag: true or false. */
	FIELD_FLAG,
	/** A struct that is part of the surrounding one. */
	FIELD_MAP,
	/** An array of structs, with its size_t at field.count. */
	FIELD_MAPS,
	/** const char *; "" if not given. */
	FIELD_STRING,
	/** NULL-terminated const char *const *; empty if not given. */
	FIELD_STRINGS,
	/** unsigned. */
	FIELD_NUMBER,
	/** Checked as a map, but not stored: merged under the elements of a list before. */
	FIELD_DEFAULTS,
};

/** Properties of a field, to be or-ed. */
enum field_flags {
	/** Must be there. */
	FIELD_REQUIRED = 1 << 0,
	/** Path of a file on this computer: "~" and relative paths are resolved. */
	FIELD_PATH = 1 << 1,
	/** As FIELD_PATH, but an OpenSSH public key stands for itself. */
	FIELD_KEY_PATH = 1 << 2,
	/** Belongs to one element of a list, so it cannot be a default. */
	FIELD_OWN = 1 << 3,
	/**
	 * A secret: neither quoted in a message nor shown with its line.  With FIELD_PATH
	 * the file has it, but what names no file may be the secret itself.
	 */
	FIELD_SECRET = 1 << 4,
	/** A file of keys: what names no file and does not look like a path is a secret too. */
	FIELD_OF_KEYS = 1 << 5,
	/** A mapping that a default is replaced by, not merged with. */
	FIELD_UNMERGED = 1 << 6,
};

/** A form that text has to have. */
struct format {
	/** "a DNS label". */
	const char *what;
	/** Regular expression, the same in POSIX (extended) and ECMA 262. */
	const char *pattern;
	/** What is allowed, in one line, with an example. */
	const char *help;
};

/** A key of a mapping. */
struct field {
	const char *key;
	enum field_type type;
	/** Any of enum field_flags. */
	unsigned flags;
	/** Offset of the value in the struct of the map. */
	size_t offset;
	/** FIELD_MAPS: offset of the number of elements. */
	size_t count;
	/** FIELD_MAP, FIELD_MAPS, FIELD_DEFAULTS: what is in it. */
	const struct map *map;
	/** Form of the text; may be NULL. */
	const struct format *format;
	/** The only values, ended by NULL; may be NULL. */
	const char *const *values;
	/** What it means, in one line. */
	const char *help;
	/** How it may look in the file: "[192.168.5.1]". */
	const char *example;
};

/** Offset for structs that do not keep their place. */
#define NO_PLACE ((size_t)-1)

/** A mapping and the struct it is decoded to. */
struct map {
	/** Name for definitions: "user". */
	const char *name;
	const struct field *fields;
	size_t count;
	/** Size of the struct; only used for elements of lists. */
	size_t size;
	/** Offset of a struct location in it, or NO_PLACE. */
	size_t place;
};

/** What decoding needs to know. */
struct decoder {
	/** Owns what is decoded. */
	struct arena *arena;
	struct diags *diags;
	/** Directory that relative paths are relative to. */
	const char *directory;
	/** The whole document's map, to find where a misplaced key belongs. */
	const struct map *root;
};

/** Which keys have to be there. */
enum decode_mode {
	/** All that are marked FIELD_REQUIRED. */
	DECODE_WHOLE,
	/** None, since the rest comes from elsewhere; and none that is marked FIELD_OWN. */
	DECODE_DEFAULTS,
};

/**
 * Decode a tree into a zeroed struct.  Every mistake goes to diags; what is wrong
 * is left as it is, unset.
 */
void decode_map(const struct decoder *d, const struct map *map, const struct tree *tree,
		enum decode_mode mode, void *ret);

/**
 * Lay a mapping over another: keys that the table calls maps are merged key by
 * key, everything else of the upper one takes the place of the lower one's.
 */
const struct tree *decode_merge(const struct map *map, const struct tree *lower,
				const struct tree *upper, struct arena *arena);

/** The field with that key, or NULL. */
const struct field *map_find(const struct map *map, const char *key);

/** The field with that key somewhere below a map, and the key it belongs under; NULL for both. */
const struct field *map_find_below(const struct map *map, const char *key, const char **home);
