/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Diagnostics: everything that is wrong in the user's files, found in one run.
 *
 * Loading and checking go on after a mistake and add what they find here.  At
 * the end main() prints all of it, each with file, line, column, the line itself
 * and a mark under the part that is meant:
 *
 *     cluster.yaml:12:10: error: no board named 'rip5'
 *        12 |   board: rip5
 *           |          ^^^^
 *           = help: did you mean 'rpi5'?
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/buf.h"

/** A file of the user's, kept in memory so that its lines can be shown. */
struct source {
	/** Name as the user gave it, or an option ("--ssh-key") with an empty text; owned. */
	char *name;
	/** Content. */
	struct buf text;
};

/** A place in a source. */
struct location {
	/** The file; NULL if there is no place to point at; not owned. */
	const struct source *source;
	/** Line, from 1; 0 means the source as a whole. */
	unsigned line;
	/** Column in bytes, from 1. */
	unsigned column;
	/** Bytes to mark; 0 counts as 1. */
	unsigned length;
};

enum severity { DIAG_ERROR, DIAG_WARNING };

/** One finding. */
struct diag {
	enum severity severity;
	struct location at;
	/** One line, lower case, no full stop; owned. */
	char *message;
	/** What is allowed, or the way out; NULL if there is nothing to add; owned. */
	char *help;
};

/** All findings of a run.  Initialise with { 0 }. */
struct diags {
	struct diag *list;
	size_t count;
	/** How many errors there were, also of those that were dropped. */
	size_t errors;
	/** Findings that were not kept, because there are too many. */
	size_t dropped;
	/** Every source that a location may point at; owned. */
	struct source **sources;
	size_t n_sources;
	/** Places of secrets, whose lines are never shown. */
	struct location *hidden;
	size_t n_hidden;
	/** The last finding was known already, so its help is dropped too. */
	bool last_known;
};

/**
 * Register a source under its name, taking over the text; it lives as long as diags.
 * The same text under the same name is the same source.
 */
const struct source *diags_source(struct diags *diags, const char *name, struct buf text);

/** Add an error.  The same message at the same place is only kept once. */
void diag_error(struct diags *diags, const struct location *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Add a warning: something is odd, and nib goes on all the same. */
void diag_warning(struct diags *diags, const struct location *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Say more about the finding that was added last. */
void diag_help(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** There is a secret at this place: no finding shows its line; line 0 hides all lines. */
void diags_hide(struct diags *diags, const struct location *at);

/** Is there a secret at exactly this place, which a message must not quote? */
bool diags_hides(const struct diags *diags, const struct location *at);

/** Print the errors, and the warnings if they are wanted, in the order of files and lines. */
void diags_print(const struct diags *diags, FILE *to, bool color, bool warnings);

/** Release everything; back to { 0 }. */
void diags_free(struct diags *diags);

#define AUTODIAGS CLEANUP(diags_free)
