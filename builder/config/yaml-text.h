/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The bytes of a YAML file: are they text at all, and which byte does libyaml mean?
 *
 * libyaml counts characters, and takes more than "\n" as the end of a line;
 * locations are lines and bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

/** Length of a location that goes on to the end of its line. */
#define YAML_REST_OF_LINE (~0U)

/** A position in a source, moved by yaml_cursor_seek(). */
struct yaml_cursor {
	const struct source *source;
	/** Characters before it, not counting a byte order mark. */
	size_t characters;
	/** Bytes before it. */
	size_t bytes;
	/** Bytes before its line, and number of the line from 1. */
	size_t line_start;
	unsigned line;
};

/**
 * Is the source valid UTF-8 of a bearable size without control characters?
 * Diags gets an error if it is not.
 */
bool yaml_text_check(const struct source *source, struct diags *diags);

/** Does text hold a control character, line ends and tabs included? */
bool yaml_text_has_control(const char *text);

/** The start of the text: behind the byte order mark if there is one. */
struct yaml_cursor yaml_cursor_start(const struct source *source);

/**
 * Go to a character, counted from 0, and tell its place; length is 1.
 *
 * Takes time for the distance forward; going back starts from the beginning.
 */
struct location yaml_cursor_seek(struct yaml_cursor *cursor, size_t character);

/** Bytes up to the next blank, comma or bracket. */
unsigned yaml_cursor_word(const struct yaml_cursor *cursor);

/**
 * Column of a tab that indents: the first one in the blanks that the cursor's line
 * begins with, or the one at the given column; 0 if there is none.
 */
unsigned yaml_cursor_tab(const struct yaml_cursor *cursor, unsigned column);
