/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Sub-commands: the only code that prints results.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cmd/options.h"
#include "util/diag.h"
#include "util/error.h"
#include "util/progress.h"

struct command;

/** What every command gets. */
struct context {
	const struct options *options;
	/** Gets every mistake in the user's files; main() prints them. */
	struct diags *diags;
	struct progress *progress;
	/** The command that runs; NULL where --completion is wanted. */
	const struct command *command;
	/** Directories of the installed data; owned by main(). */
	const char *boards_dir, *templates_dir;
};

/** A sub-command. */
struct command {
	const char *name;
	/** Arguments, as shown in the usage line. */
	const char *synopsis;
	/** One line for the list of commands. */
	const char *summary;
	/** More for "nib COMMAND --help"; whole lines. */
	const char *description;
	/** Bounds for the number of arguments. */
	int min_args, max_args;
	/** What the arguments are, for shell completion: "node", "image" or "". */
	const char *completes;
	/** Words that an argument can be, parted by blanks; NULL if they are not fixed. */
	const char *words;
	/** Its result is about an image, not about the cluster file: warnings would only be noise.
	 */
	bool hides_warnings;
	/** With --json, it prints the steps that base images and nodes go through. */
	bool tells_steps;
	/** Options besides the global ones; ends with NULL. */
	const struct option_group *const *groups;
	/**
	 * Run it.  Results go to standard output; on failure, err says why, unless the
	 * reason is in the context's diags or was the result itself (-EBADMSG without a
	 * message).
	 */
	int (*run)(const struct context *context, int argc, char *argv[], struct error *err);
};

extern const struct command *const commands[];
extern const size_t n_commands;

/** Find a command by name; NULL if there is none. */
const struct command *command_find(const char *name);

/** The name that is closest to what was typed; NULL if none is near. */
const char *command_suggest(const char *name);

/** Is an argument an image that can be opened?  If not, the command line is wrong. */
int check_image_argument(const char *path, struct error *err);

/** Print that a step begins, of an image or a node, as an object of type "step". */
void print_json_step(const char *kind, const char *name, const char *step);

/** Print the overview, or the help of one command. */
void help_print(const struct command *command);

/**
 * Print what --completion asks for: a script for "bash" or "zsh", generated from
 * the tables; or, for those scripts, the names of "nodes" or "boards".
 */
int completion_print(const struct context *context, struct error *err);

/** cmd/NAME.c each. */
extern const struct command cmd_boards, cmd_build, cmd_cache, cmd_check, cmd_inspect, cmd_plan,
	cmd_verify;
