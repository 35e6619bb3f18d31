/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Small helpers for text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/** A line of a text, without its newline; borrowed. */
struct line {
	const char *start;
	size_t len;
};

/**
 * Step through the lines of a text.
 *
 * @param pos  points at the first byte not read yet; starts as the text itself
 * @return false at the end
 */
bool text_next_line(const char **pos, struct line *ret);

/** Is the line equal to a string? */
bool line_is(const struct line *line, const char *text);

/** Does text begin with prefix? */
bool text_starts(const char *text, const char *prefix);

/** Does text end with suffix? */
bool text_ends(const char *text, const char *suffix);

/**
 * The candidate that the user may have meant.
 *
 * @return the closest of them, or NULL if none is near (edit distance at most a
 *         third of the length, rounded up); borrowed
 */
const char *text_suggest(const char *word, const char *const *candidates, size_t count);

/** Parse a whole decimal number; false on anything else or above max. */
bool text_parse_number(const char *text, uint64_t max, uint64_t *ret);

/** Length of the UTF-8 character at a place in a text that ends with a 0 byte; 0 if it is none. */
size_t text_character(const char *text, uint32_t *ret);

/**
 * Replace by '?' what is not UTF-8, control characters, ends of lines, and what
 * turns the direction of writing: for text from an image that goes to a terminal.
 */
void text_make_printable(char *text);

/** Append text as a double-quoted string of YAML and JSON. */
void text_add_quoted(struct buf *buf, const char *text);

/** Append a size for people: "1.9 GiB". */
void text_add_size(struct buf *buf, uint64_t bytes);
