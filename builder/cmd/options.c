/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/options.h"

#include <getopt.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

#define FLAG(field) OPTION_FLAG, offsetof(struct options, field), NULL
#define TEXT(field, argument) OPTION_TEXT, offsetof(struct options, field), argument
#define LIST(field, argument) OPTION_LIST, offsetof(struct options, field), argument
#define NUMBER(field, argument) OPTION_NUMBER, offsetof(struct options, field), argument
#define SIZE(field, argument) OPTION_SIZE, offsetof(struct options, field), argument

/* clang-format off */
static const struct option_spec global[] = {
	{ "file",       'f', TEXT(file, "FILE"),       "cluster file (default: cluster.yaml)", NULL },
	{ "directory",  'C', TEXT(directory, "DIR"),   "change to DIR first", NULL },
	{ "verbose",    'v', FLAG(verbose),            "say more: how long steps take, remarks on boards", NULL },
	{ "quiet",      'q', FLAG(quiet),              "no progress, no warnings", NULL },
	{ "json",       0,   FLAG(json),               "results as JSON, one object per line", NULL },
	{ "color",      0,   TEXT(color, "WHEN"),      "colours: auto, always, never", "auto always never" },
	{ "help",       'h', FLAG(help),               "show this help", NULL },
	{ "version",    0,   FLAG(version),            "show the version", NULL },
	{ "completion", 0,   TEXT(completion, "SHELL"), "print a completion script: bash, zsh", "bash zsh" },
};

static const struct option_spec node[] = {
	{ "image",          0,   TEXT(image, "FILE"),          "base image, or its URL", NULL },
	{ "image-sha256",   0,   TEXT(image_sha256, "DIGEST"), "SHA-256 that the base image must have", NULL },
	{ "hostname",       'H', TEXT(hostname, "NAME"),       "name of the node", NULL },
	{ "ssh-key",        'k', LIST(ssh_keys, "FILE"),       "public key for user pi; may be repeated", NULL },
	{ "password-file",  0,   TEXT(password_file, "FILE"),  "file whose first line is pi's password", NULL },
	{ "password",       'p', OPTION_REFUSED, 0, "TEXT",
	  "every user of this machine could read it; put it into a file (mode 0600) and use --password-file", NULL },
	{ "board",          'b', TEXT(board, "NAME"),          "board it runs on (default: rpi5)", NULL },
	{ "role",           0,   TEXT(role, "ROLE"),           "role, if the name does not tell", "init controlplane worker" },
	{ "address",        0,   TEXT(address, "CIDR"),        "static address, as 192.168.5.21/24 (default: dhcp)", NULL },
	{ "gateway",        0,   TEXT(gateway, "ADDRESS"),     "default gateway", NULL },
	{ "nameserver",     0,   LIST(nameservers, "ADDRESS"), "name server; may be repeated", NULL },
	{ "interface",      0,   TEXT(interface, "NAME"),      "network interface (default: the board's)", NULL },
	{ "timezone",       0,   TEXT(timezone, "ZONE"),       "time zone, as Europe/Berlin", NULL },
	{ "secrets",        0,   TEXT(secrets, "FILE"),        "the cluster's secrets", NULL },
	{ "age-key",        0,   TEXT(age_key, "FILE"),        "age identity, for the first control plane only", NULL },
	{ "cluster-name",   0,   TEXT(cluster_name, "NAME"),   "name of the cluster", NULL },
	{ "endpoint",       0,   TEXT(endpoint, "HOST:PORT"),  "where the API server answers", NULL },
	{ "kubernetes",     0,   TEXT(kubernetes, "VERSION"),  "Kubernetes version (default: the image's kubeadm)", NULL },
	{ "pod-subnet",     0,   TEXT(pod_subnet, "CIDR"),     "addresses of pods", NULL },
	{ "service-subnet", 0,   TEXT(service_subnet, "CIDR"), "addresses of services", NULL },
	{ "templates",      0,   TEXT(templates, "DIR"),       "templates that replace the installed ones", NULL },
};

static const struct option_spec build[] = {
	{ "output",   'o', TEXT(output, "PATH"), "directory for images, or one NAME.img (default: images)", NULL },
	{ "jobs",     'j', NUMBER(jobs, "N"),    "nodes at a time (default: one per processor)", NULL },
	{ "compress", 0,   TEXT(compress, "HOW"), "none, or xz, zst, gz with an optional level, as xz:9", "none xz zst gz" },
	{ "keep-raw", 0,   FLAG(keep_raw),       "with --compress, keep the raw image too", NULL },
	{ "shard",    0,   TEXT(shard, "I/N"),   "only every Nth node, from the Ith on, counted from 0", NULL },
	{ "replace",  0,   FLAG(replace),        "overwrite existing images", NULL },
	{ "checksum", 0,   FLAG(checksum),       "digests of raw images too, in manifest and SHA256SUMS", NULL },
};

static const struct option_spec source[] = {
	{ "max-image-size", 0, SIZE(max_image_size, "SIZE"), "largest base image that is decoded (default: 64G)", NULL },
};

static const struct option_spec plan[] = {
	{ "show",         0, TEXT(show, "PATH"), "print one planned file", "" },
	{ "diff",         0, FLAG(diff),         "compare with the base image, as diff -u does", NULL },
	{ "show-secrets", 0, FLAG(show_secrets), "print secrets too", NULL },
};

static const struct option_spec backend[] = {
	{ "backend", 0, TEXT(backend, "NAME"), "how images are edited: auto, direct", "auto direct" },
};
/* clang-format on */

const struct option_group options_global = { "Global options", global, ARRAY_SIZE(global) };
const struct option_group options_node = { "A node without a cluster file", node,
					   ARRAY_SIZE(node) };
const struct option_group options_build = { "Output", build, ARRAY_SIZE(build) };
static const struct option_spec cache[] = {
	{ "older-than", 0, NUMBER(older_than, "DAYS"), "only what was not used for DAYS", NULL },
};

const struct option_group options_cache = { "What to remove", cache, ARRAY_SIZE(cache) };
const struct option_group options_source = { "Base images", source, ARRAY_SIZE(source) };
const struct option_group options_plan = { "What to show", plan, ARRAY_SIZE(plan) };
const struct option_group options_backend = { "Back end", backend, ARRAY_SIZE(backend) };

/** All options a command knows, in the form of getopt_long(3). */
struct parser {
	const struct option_spec **specs;
	struct option *longs;
	size_t count;
	struct buf shorts;
};

static void add_group(struct parser *parser, const struct option_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct option_spec *spec = &group->specs[i];
		bool takes = spec->kind != OPTION_FLAG;
		size_t index = parser->count, n = index;

		*ARRAY_ADD(parser->specs, n) = spec;
		/* Beyond every letter, so that long forms give the index. */
		*ARRAY_ADD(parser->longs, parser->count) = (struct option){
			.name = spec->name,
			.has_arg = takes ? required_argument : no_argument,
			.val = 256 + (int)index,
		};
		if (spec->letter)
			buf_addf(&parser->shorts, "%c%s", spec->letter, takes ? ":" : "");
	}
}

static void parser_done(struct parser *parser)
{
	free(parser->specs);
	free(parser->longs);
	buf_free(&parser->shorts);
}

static const struct option_spec *spec_of(const struct parser *parser, int c)
{
	if (c >= 256)
		return parser->specs[c - 256];

	for (size_t i = 0; i < parser->count; i++)
		if (parser->specs[i]->letter == c)
			return parser->specs[i];

	return NULL;
}

static int wrong_number(const struct option_spec *spec, struct error *err)
{
	return error_set_usage(err, "--%s '%s': it takes a number above 0%s", spec->name, optarg,
			       spec->kind == OPTION_SIZE ? " with K, M, G or T, as in 8G" : "");
}

/* A letter stands for a power of 1024; none for bytes. */
static int store_number(const struct option_spec *spec, uint64_t *ret, struct error *err)
{
	static const char letters[] = "KMGT";
	size_t len = strlen(optarg);
	const char *letter =
		spec->kind == OPTION_SIZE && len ? strchr(letters, optarg[len - 1]) : NULL;
	unsigned shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
	AUTOFREE char *digits = xstrndup(optarg, len - !!letter);
	uint64_t max = spec->kind == OPTION_SIZE ? INT64_MAX : UINT16_MAX;

	if (!text_parse_number(digits, max >> shift, ret) || *ret == 0)
		return wrong_number(spec, err);
	*ret <<= shift;
	return 0;
}

static int store(const struct option_spec *spec, struct options *options, struct error *err)
{
	void *field = (char *)options + spec->offset;
	struct option_list *list = field;

	switch (spec->kind) {
	case OPTION_FLAG: *(bool *)field = true; break;
	case OPTION_TEXT:
		if (*(const char **)field)
			return error_set_usage(err, "--%s is given twice", spec->name);
		*(const char **)field = optarg;
		break;
	case OPTION_LIST:
		*ARRAY_ADD(list->list, list->count) = optarg;
		/* Keep a NULL behind the last one, which is not counted. */
		(void)ARRAY_ADD(list->list, list->count);
		list->count--;
		break;
	case OPTION_NUMBER:
	case OPTION_SIZE: return store_number(spec, field, err);
	case OPTION_REFUSED: return error_set_usage(err, "--%s: %s", spec->name, spec->help);
	}

	return 0;
}

/* Is it an option of a command, which stands before the command? */
static bool is_of_command(const char *name, int letter)
{
	static const struct option_group *const groups[] = { &options_node,    &options_build,
							     &options_plan,    &options_source,
							     &options_backend, &options_cache };

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		for (size_t j = 0; j < groups[i]->count; j++) {
			const struct option_spec *spec = &groups[i]->specs[j];

			if (name ? strcmp(spec->name, name) == 0 : spec->letter == letter)
				return true;
		}
	}

	return false;
}

static int unknown(const struct parser *parser, bool before_command, int c, const char *word,
		   struct error *err)
{
	AUTOFREE const char **names = xcalloc(parser->count, sizeof(*names));

	if (text_starts(word, "--") && strchr(word, '=') && c == '?' && optopt)
		return error_set_usage(err, "option '%s' takes no value", word);
	if (c == ':')
		return error_set_usage(err, "option '%s' needs a value", word);
	if (!text_starts(word, "--") && before_command && is_of_command(NULL, optopt))
		return error_set_usage(err, "option '-%c' goes behind the command", optopt);
	if (!text_starts(word, "--"))
		return error_set_usage(err, "no option '-%c' here; see --help", optopt);

	for (size_t i = 0; i < parser->count; i++)
		names[i] = parser->specs[i]->name;

	AUTOFREE char *name = xstrndup(word + 2, strcspn(word + 2, "="));
	if (before_command && is_of_command(name, 0))
		return error_set_usage(err, "option '--%s' goes behind the command", name);

	const char *near = text_suggest(name, names, parser->count);
	if (near)
		return error_set_usage(err, "no option '--%s' here; did you mean '--%s'?", name,
				       near);
	return error_set_usage(err, "no option '--%s' here; see --help", name);
}

int options_parse(int argc, char *argv[], const struct option_group *const *groups, bool permute,
		  struct options *options, int *first, struct error *err)
{
	CLEANUP(parser_done) struct parser parser = { 0 };

	/* A leading ":" keeps getopt_long() quiet; "+" stops at the first argument. */
	buf_adds(&parser.shorts, permute ? ":" : "+:");
	for (size_t i = 0; groups && groups[i]; i++)
		add_group(&parser, groups[i]);
	add_group(&parser, &options_global);

	size_t end = parser.count;
	*ARRAY_ADD(parser.longs, end) = (struct option){ 0 };

	optind = 0;
	for (int c; (c = getopt_long(argc, argv, parser.shorts.data, parser.longs, NULL)) != -1;) {
		const struct option_spec *spec = c == '?' || c == ':' ? NULL : spec_of(&parser, c);

		if (!spec)
			return unknown(&parser, !groups, c, argv[optind - 1], err);

		int r = store(spec, options, err);
		if (r < 0)
			return r;
	}

	*first = optind;
	return 0;
}

void options_free(struct options *options)
{
	free(options->ssh_keys.list);
	free(options->nameservers.list);
	*options = (struct options){ 0 };
}
