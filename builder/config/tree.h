/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Trees of mappings, lists and text in which every part knows its place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

/** Kinds of tree. */
enum tree_kind {
	/** Was refused, and a diagnostic says so: to be passed over. */
	TREE_BAD,
	TREE_TEXT,
	TREE_LIST,
	TREE_MAP,
};

/** A value.  It is never changed once it is made, since it may be shared. */
struct tree {
	enum tree_kind kind;
	/** The text, the bracket, or the first key. */
	struct location at;
	/** TREE_TEXT: without 0 bytes; may be "". */
	const char *text;
	/** TREE_TEXT: written without quotes, so that "true" may mean more than four letters. */
	bool plain;
	/** TREE_MAP: a key was refused, so what is missing may have been in its value. */
	bool partial;
	/** TREE_LIST and TREE_MAP, in the order of the file. */
	struct tree_entry *entries;
	size_t count;
};

/** A key with its value; in a list the key is NULL. */
struct tree_entry {
	const char *key;
	/** What was written instead of the key, if that was mistyped; else NULL. */
	const char *typed;
	struct location key_at;
	const struct tree *value;
};

/** The entry with that key, or NULL; also NULL if the tree is no mapping. */
const struct tree_entry *tree_find(const struct tree *tree, const char *key);
