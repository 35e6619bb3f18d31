/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "image/cache.h"
#include "util/alloc.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

enum { DAY = 24 * 60 * 60 };

static const struct option_group *const groups[] = { &options_cache, NULL };

/** A walk through the cache. */
struct walk {
	const struct options *options;
	bool prune;
	time_t now;
	/** Files that were listed or removed, and what they take on the disk. */
	size_t count;
	uint64_t allocated;
};

static char *format_time(const struct timespec *time)
{
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&time->tv_sec, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

static void print_json(const struct cache_item *item, const char *used, bool removed)
{
	AUTOJSON struct json_object *line = json_new_line("cache");

	json_put_text(line, "name", item->name);
	json_put_text(line, "origin", item->origin);
	json_put_number(line, "size", (int64_t)item->size);
	json_put_number(line, "allocated", (int64_t)item->allocated);
	json_put_text(line, "used", used);
	json_put_flag(line, "removed", removed);
	json_print_line(line, stdout);
}

/* The whole digest would fill the line; its beginning tells files apart. */
static void add_short_name(struct buf *ret, const char *name)
{
	enum { DIGITS = 12 };

	while (*name) {
		size_t digits = strspn(name, "0123456789abcdef");
		size_t shown = digits == DIGEST_HEX_SIZE - 1 ? DIGITS : digits;

		buf_add(ret, name, shown);
		name += digits;
		if (*name)
			buf_add(ret, name++, 1);
	}
}

static void print_text_line(const struct cache_item *item, const char *used, bool removed)
{
	AUTOBUF struct buf name = { 0 }, size = { 0 };

	add_short_name(&name, item->name);
	text_add_size(&size, item->allocated);
	print_line(stdout, "%s%-32s  %10s  %.10s  %s", removed ? "removed " : "", buf_text(&name),
		   buf_text(&size), used, item->origin);
}

static int visit(void *arg, const struct cache_item *item)
{
	struct walk *walk = arg;
	AUTOFREE char *used = format_time(&item->used);
	double age = difftime(walk->now, item->used.tv_sec);
	bool remove =
		walk->prune && !item->locked && age >= (double)walk->options->older_than * DAY;

	if (walk->prune && !remove)
		return 0;

	walk->count++;
	walk->allocated += item->allocated;
	if (walk->options->json)
		print_json(item, used, remove);
	else
		print_text_line(item, used, remove);
	return remove;
}

static int run(const struct context *context, int argc, char *argv[], struct error *err)
{
	AUTOCACHE struct cache cache = CACHE_NONE;
	AUTOBUF struct buf size = { 0 };
	const char *action = argc ? argv[0] : "";
	struct walk walk = {
		.options = context->options,
		.prune = strcmp(action, "prune") == 0,
		.now = time(NULL),
	};

	if (argc == 0)
		return error_set_usage(err, "'cache' needs an action: list or prune");
	if (!walk.prune && strcmp(action, "list") != 0)
		return error_set_usage(err, "no 'cache %s'; there are: list, prune", action);
	if (!walk.prune && context->options->older_than)
		return error_set_usage(err, "--older-than goes with 'cache prune'");

	int r = cache_open(&cache, err);
	if (r == 0)
		r = cache_visit(&cache, visit, &walk, err);
	if (r < 0 || context->options->json)
		return r;

	text_add_size(&size, walk.allocated);
	print_line(stdout, "%s: %zu files%s, %s", cache.path, walk.count,
		   walk.prune ? " removed" : "", buf_text(&size));
	return 0;
}

const struct command cmd_cache = {
	.name = "cache",
	.synopsis = "ACTION",
	.summary = "show or empty the cache of base images",
	.description =
		"Base images that were downloaded or decoded are kept in $XDG_CACHE_HOME/nib, by\n"
		"default ~/.cache/nib, and what was found out about them.  'list' shows them;\n"
		"'prune' removes them, but for what a running nib is making.\n",
	.max_args = 1,
	.completes = "",
	.words = "list prune",
	.groups = groups,
	.run = run,
};
