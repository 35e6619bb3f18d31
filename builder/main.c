/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Entry point, and a map of the source.  Each layer uses only those below it.
 *
 *   main.c      options, sub-command, diagnostics, exit status
 *   cmd/        sub-commands: the only code that prints results
 *     commands.c  the table of them; options.c, help.c and completion.c work from tables too
 *     session.c   what they have in common: cluster, and a node's inputs, base image, plan
 *     bases.c     base images that nodes share; building.c: nodes side by side
 *   plan/       what an image has to hold for a node
 *     plan.c      the list of operations; apply.c carries them out and reads them back
 *     inputs.c    the user's files for one node, read and checked
 *     disk.c      an image, opened and mounted; release.c: which system is on it
 *     raspios.c   adapter: what a node needs in Raspberry Pi OS; kubernetes.c: its cluster part
 *     build.c     copy, apply, verify, pack, publish; manifest.c: what went in
 *     outputs.c   the files of a node: all of them get their names, or none
 *   config/     cluster.yaml and boards/, resolved to structs that know their place in the file
 *   template/   text with ${NAMES} in it
 *   secrets/    bundle, keys, hashes, derived values
 *   image/      images: downloaded, decoded, copied; partition tables and file systems inside
 *     base.c      base images from files and URLs; fetch.c: downloads; decode.c: what is packed
 *     cache.c     what is kept of them, and when it may be trusted; base-cache.h: under which names
 *     copy.c      clones and sparse copies; map.c: where an image has data, and block maps
 *     pack.c      compressed images, with blocks of the base; base-packed.c: whose
 *     backend.h   how a file system is edited: direct.c, by ext4.c and fat.c
 *   util/       memory, errors, diagnostics, files, processes; knows nothing of images
 *     jobs.c      several at a time, in processes; progress.c: how far they are
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd/cmd.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

enum { EXIT_USAGE = 2 }; /* the command line or a file of the user's is wrong */

/* A core dump would hold keys.  A limit of 1 also stops pipes to crash handlers (core(5)). */
static void forbid_core_dumps(void)
{
	const struct rlimit limit = { .rlim_cur = 1, .rlim_max = 1 };

	(void)setrlimit(RLIMIT_CORE, &limit);
}

/* An image that got the number of a closed stream would be written into by messages. */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDWR);
}

static bool use_color(const char *when, struct error *err)
{
	if (!when || strcmp(when, "auto") == 0)
		return isatty(STDERR_FILENO) && !getenv("NO_COLOR");
	if (strcmp(when, "always") != 0 && strcmp(when, "never") != 0)
		error_set_usage(err, "--color '%s': there are auto, always, never", when);
	return strcmp(when, "always") == 0;
}

/*
 * Where boards/ and templates/ are: named by the environment, beside the build
 * tree's program, or installed.
 */
static char *find_data(void)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUF struct buf content = { 0 };
	const char *named = getenv("NIB_DATA_DIR");
	char exe[4096];

	if (named && *named)
		return xstrdup(named);

	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return xstrdup(NIB_DATADIR);
	exe[n] = '\0';

	AUTOFREE char *dir = file_dirname(exe);
	AUTOFREE char *pointer = xasprintf("%s/nib-data-dir", dir);
	if (file_read(pointer, sizeof(exe), &content, NULL, &err) == 0)
		return xstrndup(content.data, strcspn(content.data, "\n"));

	char *moved = xasprintf("%s/../share/nib", dir);
	if (access(moved, R_OK) == 0)
		return moved;

	free(moved);
	return xstrdup(NIB_DATADIR);
}

static void print_diag_json(const struct diag *diag)
{
	AUTOJSON struct json_object *line = json_new_line("diagnostic");

	json_put_text(line, "severity", diag->severity == DIAG_ERROR ? "error" : "warning");
	json_put_text(line, "file", diag->at.source ? diag->at.source->name : NULL);
	json_put_number(line, "line", diag->at.line);
	json_put_number(line, "column", diag->at.column);
	json_put_text(line, "message", diag->message);
	json_put_text(line, "help", diag->help);
	json_print_line(line, stdout);
}

static void print_diags_json(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		print_diag_json(&diags->list[i]);
}

static void print_error(const struct error *err, const struct options *options)
{
	if (!err->message)
		return;

	if (options->json)
		print_diag_json(&(struct diag){ .severity = DIAG_ERROR, .message = err->message });
	print_line(stderr, "nib: %s", err->message);
}

/* command is NULL where --completion is wanted. */
static int run_command(const struct command *command, const struct options *options, int argc,
		       char *argv[], struct diags *diags, struct error *err)
{
	AUTOFREE char *data = find_data();
	AUTOFREE char *boards = xasprintf("%s/boards", data);
	AUTOFREE char *templates = xasprintf("%s/templates", data);
	bool color = use_color(options->color, err);
	struct progress progress = {
		.to = stderr,
		.mode = options->quiet          ? PROGRESS_NONE
			: isatty(STDERR_FILENO) ? PROGRESS_BARS
						: PROGRESS_LINES,
		.timed = options->verbose,
	};
	const struct context context = {
		.options = options,
		.diags = diags,
		.progress = &progress,
		.command = command,
		.boards_dir = boards,
		.templates_dir = templates,
	};

	if (err->code)
		return err->code;

	if (!command)
		return completion_print(&context, err);

	int r = command->run(&context, argc, argv, err);

	/* Results before what is said about them, also where both go to one file. */
	(void)fflush(stdout);
	/* What is odd in the cluster file has nothing to do with a wrong command line. */
	if (err->usage && !diags->errors)
		return r;
	if (options->json)
		print_diags_json(diags);
	else
		diags_print(diags, stderr, color, !options->quiet && !command->hides_warnings);
	return r;
}

static int usage(const struct command *command, int argc, struct error *err)
{
	if (argc < command->min_args)
		return error_set_usage(err, "'%s' needs %s; see 'nib %s --help'", command->name,
				       command->synopsis, command->name);
	return error_set_usage(err, "too many arguments; usage: nib %s %s", command->name,
			       command->synopsis);
}

static int change_directory(const struct options *options, struct error *err)
{
	if (options->directory && chdir(options->directory) < 0)
		return error_set_usage(err, "change to '%s': %s", options->directory,
				       strerror(errno));
	return 0;
}

static int dispatch(int argc, char *argv[], struct options *options, struct diags *diags,
		    struct error *err)
{
	int first;

	int r = options_parse(argc, argv, NULL, false, options, &first, err);
	if (r < 0)
		return r;

	if (options->version) {
		printf("nib %s\n", NIB_VERSION);
		return 0;
	}
	if (options->completion) {
		r = change_directory(options, err);
		return r < 0 ? r : run_command(NULL, options, 0, NULL, diags, err);
	}

	const char *name = first < argc ? argv[first] : NULL;
	if (!name && options->help) {
		help_print(NULL);
		return 0;
	}
	if (!name)
		return error_set_usage(err, "no command given; see 'nib --help'");

	const struct command *command = command_find(name);
	if (!command) {
		const char *near = command_suggest(name);

		return near ? error_set_usage(err, "no command '%s'; did you mean '%s'?", name,
					      near)
			    : error_set_usage(err, "no command '%s'; see 'nib --help'", name);
	}

	argc -= first;
	argv += first;
	r = options_parse(argc, argv, command->groups, true, options, &first, err);
	if (r < 0)
		return r;

	if (options->help) {
		help_print(command);
		return 0;
	}

	argc -= first;
	argv += first;
	if (argc < command->min_args || argc > command->max_args)
		return usage(command, argc, err);

	r = change_directory(options, err);
	if (r < 0)
		return r;

	return run_command(command, options, argc, argv, diags, err);
}

int main(int argc, char *argv[])
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOOPTIONS struct options options = { 0 };
	AUTODIAGS struct diags diags = { 0 };

	open_standard_streams();
	forbid_core_dumps();
	(void)setlocale(LC_CTYPE, "");
	/* Both then show up as errors of write(2), which are told. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);

	int r = dispatch(argc, argv, &options, &diags, &err);

	if (r < 0)
		print_error(&err, &options);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		/* A reader such as head(1) goes once it has what it wants. */
		if (errno != EPIPE)
			fprintf(stderr, "nib: standard output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}

	if (r == 0 && !diags.errors)
		return EXIT_SUCCESS;
	return err.usage || diags.errors ? EXIT_USAGE : EXIT_FAILURE;
}
