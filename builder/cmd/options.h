/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Command-line options: tables that parse, explain and complete themselves.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/** Values of an option that may be given several times; ends with NULL. */
struct option_list {
	const char **list;
	size_t count;
};

/** All options of all commands.  Strings are borrowed from argv. */
struct options {
	/* Global. */
	const char *file, *directory, *color, *completion;
	bool help, version, verbose, quiet, json;

	/* What a node is, instead of a cluster.yaml. */
	const char *image, *image_sha256, *hostname, *role, *board, *address, *gateway, *interface;
	struct option_list ssh_keys, nameservers;
	const char *password_file, *age_key, *secrets, *pod_subnet, *service_subnet;
	const char *endpoint, *kubernetes, *cluster_name, *templates, *timezone;

	/* build, plan */
	const char *backend, *output, *show, *compress, *shard;
	bool replace, checksum, diff, show_secrets, keep_raw;
	/** Nodes at a time; 0 if not given. */
	uint64_t jobs;

	/** Days since a file of the cache was used; 0 if not given. */
	uint64_t older_than;

	/** Bytes that a decoded image may have at most; 0 if not given. */
	uint64_t max_image_size;
};

/** What an option takes. */
enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST,
	/** A number above 0. */
	OPTION_NUMBER,
	/** Bytes above 0, with an optional K, M, G or T for powers of 1024. */
	OPTION_SIZE,
	/** Known, but always an error; its help says what to use instead. */
	OPTION_REFUSED,
};

/** One option. */
struct option_spec {
	/** Without the dashes. */
	const char *name;
	/** Short form, or 0. */
	char letter;
	enum option_kind kind;
	/** Where in struct options the value goes. */
	size_t offset;
	/** Name of its argument for help and completion: FILE, DIR, NAME ...; NULL for a flag. */
	const char *argument;
	/** One line. */
	const char *help;
	/** Values it can have, for completion, parted by blanks; "" if none are known, NULL if any.
	 */
	const char *values;
};

/** Options that belong together. */
struct option_group {
	/** Heading in the help. */
	const char *title;
	const struct option_spec *specs;
	size_t count;
};

extern const struct option_group options_global, options_node, options_build, options_plan,
	options_backend, options_source, options_cache;

/**
 * Parse options.
 *
 * @param groups    ends with NULL; may be NULL.  The global options are always known.
 * @param permute   options may stand behind arguments; else stop at the first argument
 * @param first     index of the first argument that is left in argv
 */
int options_parse(int argc, char *argv[], const struct option_group *const *groups, bool permute,
		  struct options *options, int *first, struct error *err);

/** Release lists. */
void options_free(struct options *options);
#define AUTOOPTIONS CLEANUP(options_free)
