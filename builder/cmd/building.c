/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/building.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/guard.h"
#include "util/alloc.h"
#include "util/cancel.h"
#include "util/file.h"
#include "util/jobs.h"
#include "util/json.h"
#include "util/print.h"
#include "util/text.h"

/** A job at work, in its own process. */
struct builder {
	const struct building *building;
	const struct job *job;
};

static const struct options *options_of(const struct building *b)
{
	return b->session->context->options;
}

static bool is_one_file(const struct building *b)
{
	return text_ends(b->output, ".img");
}

char *building_path(const struct building *b, const struct node *node)
{
	AUTOFREE char *directory = building_directory(b);

	return is_one_file(b) ? xstrdup(b->output)
			      : xasprintf("%s/%s.img", directory, node->name.value);
}

char *building_directory(const struct building *b)
{
	size_t len = strlen(b->output);

	while (len > 1 && b->output[len - 1] == '/')
		len--;
	return is_one_file(b) ? file_dirname(b->output) : xstrndup(b->output, len);
}

static struct build_options make_options(const struct building *b, const char *path)
{
	const struct options *o = options_of(b);
	const struct shared_base *shared = b->work.shared;
	unsigned processors = jobs_processors();

	return (struct build_options){
		.backend = b->session->backend,
		.from = {
			.base = &shared->base,
			.map = shared->has_map ? &shared->map : NULL,
			.index = shared->index.count ? &shared->index : NULL,
		},
		.output = path,
		.pack = b->pack,
		.keep_raw = o->keep_raw,
		.threads = processors > b->parallel ? processors / b->parallel : 1,
		.replace = o->replace,
		.checksum = o->checksum,
	};
}

/* Make the plan of a node, and see whether its image may be written. */
static int prepare(struct building *b, const struct node *node, struct error *err)
{
	AUTOFREE char *path = building_path(b, node);

	int r = work_prepare(b->session, node, &b->work, err);
	if (r < 0)
		return r;

	const struct build_options options = make_options(b, path);

	r = build_check_output(&b->work.base, &options, err);
	b->is_prepared = r == 0;
	return r;
}

static void forget(struct building *b)
{
	work_close(&b->work);
	b->is_prepared = false;
}

/* An output in place of what any node is made from would be the end of that file. */
static int guard_outputs(const struct building *b, struct error *err)
{
	static const char *const beside[] = { ".bmap", ".json" };
	const struct options *o = options_of(b);
	AUTOGUARD struct guard guard = { 0 };
	int r = 0;

	guard_find(&b->session->cluster,
		   session_from_options(o) ? NULL
		   : o->file               ? o->file
					   : "cluster.yaml",
		   &guard);
	for (size_t i = 0; i < b->n_nodes && r == 0; i++) {
		AUTOFREE char *path = building_path(b, b->nodes[i]);

		for (unsigned j = 0; j < PACK_FORMATS + ARRAY_SIZE(beside) && r == 0; j++) {
			AUTOFREE char *output = xasprintf(
				"%s%s", path,
				j < PACK_FORMATS ? pack_suffix(j) : beside[j - PACK_FORMATS]);

			r = guard_check(&guard, output, err);
		}
	}

	return r;
}

/* Every node is checked before the first is written; the mistakes of all are told. */
static int check(struct building *b, struct error *err)
{
	int guarded = guard_outputs(b, err);
	if (guarded < 0)
		return guarded;

	for (size_t i = 0; i < b->n_nodes; i++) {
		int r = prepare(b, b->nodes[i], err);

		if (b->n_nodes > 1 || r < 0)
			forget(b);
		if (r < 0 && err->message)
			return r;
	}

	if (b->session->context->diags->errors)
		return -EINVAL;
	return bases_prepare(&b->session->bases, b->session->context, &b->pack, err);
}

static int job_begin(void *arg, size_t number, struct error *err)
{
	struct building *b = arg;

	return b->is_prepared ? 0 : prepare(b, b->nodes[number], err);
}

static void job_end(void *arg, size_t number)
{
	(void)number;
	forget(arg);
}

static void tell_step(void *arg, const char *step)
{
	job_tell(((const struct builder *)arg)->job, JOB_STEP, step, 0, 0);
}

static int tell_progress(void *arg, uint64_t done, uint64_t total)
{
	job_tell(((const struct builder *)arg)->job, JOB_PROGRESS, "", done, total);
	return 0;
}

static void tell_leftover(void *arg, const char *path)
{
	const struct builder *builder = arg;
	AUTOFREE char *text = xasprintf(
		"'%s' is left from a run that was killed%s", path,
		options_of(builder->building)->replace ? "; removed" : "; --replace removes it");

	job_tell(builder->job, JOB_NOTE, text, 0, 0);
}

static void tell_result(const struct builder *builder, const struct build_result *result)
{
	const struct work *work = &builder->building->work;
	AUTOJSON struct json_object *line = json_new_line("build");
	char hex[DIGEST_HEX_SIZE];

	json_put_text(line, "node", builder->building->nodes[builder->job->number]->name.value);
	json_put_text(line, "image", result->path);
	json_put_number(line, "size", (int64_t)result->size);
	if (result->has_sha256) {
		digest_hex(result->sha256, hex);
		json_put_text(line, "sha256", hex);
	}
	if (builder->building->pack.format != PACK_NONE) {
		json_put_number(line, "reusedBlocks", (int64_t)result->reused);
		json_put_number(line, "encodedBlocks", (int64_t)result->encoded);
	}
	json_put_number(line, "operations", (int64_t)work->plan.count);
	job_tell(builder->job, JOB_DONE, json_object_to_json_string(line), 0, 0);
}

static int job_run(void *arg, const struct job *job, struct error *err)
{
	const struct building *b = arg;
	AUTOFREE char *path = building_path(b, b->nodes[job->number]);
	AUTORESULT struct build_result result = { 0 };
	struct builder builder = { b, job };
	struct build_options options = make_options(b, path);

	options.step = tell_step;
	options.progress = tell_progress;
	options.leftover = tell_leftover;
	options.arg = &builder;

	int r = build_image(&b->work.inputs, &b->work.base, &b->work.plan, &options, &result, err);
	if (r == 0)
		tell_result(&builder, &result);
	return r;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value)
							      : NULL;
}

static int64_t number_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_int64(value) : 0;
}

static void print_result(struct json_object *line)
{
	int64_t reused = number_of(line, "reusedBlocks"),
		encoded = number_of(line, "encodedBlocks");
	AUTOBUF struct buf size = { 0 }, blocks = { 0 };

	text_add_size(&size, (uint64_t)number_of(line, "size"));
	if (reused + encoded)
		buf_addf(&blocks, ", %lld of %lld blocks reused", (long long)reused,
			 (long long)(reused + encoded));
	print_line(stdout, "%s  %s, %lld operations read back%s", text_of(line, "image"),
		   buf_text(&size), (long long)number_of(line, "operations"), buf_text(&blocks));
}

static void add_sum(struct building *b, const char *path, const char *sha256)
{
	const char *slash = strrchr(path, '/');

	buf_addf(&b->sums, "%*s  %s\n", DIGEST_HEX_SIZE - 1, sha256 ? sha256 : "",
		 slash ? slash + 1 : path);
}

static void note_result(struct building *b, const struct node *node, const char *text)
{
	AUTOJSON struct json_object *line = json_tokener_parse(text);
	AUTOFREE char *raw = building_path(b, node);
	const char *image = text_of(line, "image");

	/* They are others now than in SHA256SUMS, or gone. */
	for (unsigned i = 0; i < PACK_FORMATS; i++) {
		AUTOFREE char *path = xasprintf("%s%s", raw, pack_suffix(i));

		add_sum(b, path, NULL);
	}
	add_sum(b, image ? image : raw, text_of(line, "sha256"));
	if (options_of(b)->json)
		json_print_line(line, stdout);
	else
		print_result(line);
	(void)fflush(stdout);
}

static void note_failure(struct building *b, const char *node, const char *text)
{
	AUTOJSON struct json_object *line = json_new_line("failure");

	/* A single one is the error of the run. */
	if (b->n_nodes == 1) {
		buf_adds(&b->failed, text);
		return;
	}

	buf_addf(&b->failed, "%s%s", b->failed.len ? ", " : "", node);
	print_line(stderr, "nib: node '%s': %s", node, text);
	if (!options_of(b)->json)
		return;
	json_put_text(line, "node", node);
	json_put_text(line, "message", text);
	json_print_line(line, stdout);
}

static void note_event(void *arg, const struct job_event *event)
{
	struct building *b = arg;
	struct progress *progress = b->session->context->progress;
	const char *node = b->nodes[event->job]->name.value;

	switch (event->news) {
	case JOB_STEP:
		progress_step(progress, node, event->text);
		if (options_of(b)->json)
			print_json_step("node", node, event->text);
		break;
	case JOB_PROGRESS: progress_update(progress, node, event->done, event->total); break;
	case JOB_NOTE:
		progress_clear(progress);
		if (!options_of(b)->quiet)
			print_line(stderr, "nib: %s", event->text);
		break;
	case JOB_DONE:
	case JOB_FAILED:
		progress_finish(progress, node);
		progress_clear(progress);
		if (event->news == JOB_DONE)
			note_result(b, b->nodes[event->job], event->text);
		else
			note_failure(b, node, event->text);
		break;
	}
}

static int make_directory(const struct building *b, struct error *err)
{
	if (is_one_file(b) || mkdir(b->output, 0777) == 0 || errno == EEXIST)
		return 0;

	return error_set_errno(err, -errno, "create directory '%s'", b->output);
}

static int summarize(const struct building *b, size_t failed, struct error *err)
{
	if (failed == 0)
		return 0;
	if (b->n_nodes == 1)
		return error_set(err, -EIO, "node '%s': %s", b->nodes[0]->name.value,
				 buf_text(&b->failed));
	return error_set(err, -EIO, "%zu of %zu nodes failed: %s", failed, b->n_nodes,
			 buf_text(&b->failed));
}

/* Of what was built, also if the rest was not. */
static int write_sums(const struct building *b, int code, struct error *err)
{
	AUTOFREE char *directory = building_directory(b);
	AUTOERROR struct error ignored = ERROR_NONE;

	int r = b->sums.len ? sums_write(directory, buf_text(&b->sums), code < 0 ? &ignored : err)
			    : 0;
	return code < 0 ? code : r;
}

static int run_jobs(const struct building *b, const struct jobs *jobs, size_t *failed,
		    struct error *err)
{
	struct progress *progress = b->session->context->progress;
	AUTOCANCEL struct cancel cancel;

	/* A signal that stops the jobs ends nib only behind the last line. */
	cancel_begin(&cancel);
	progress_begin(progress, b->n_nodes);
	int r = jobs_run(jobs, failed, err);
	progress_end(progress);
	return write_sums(b, r, err);
}

int building_run(struct building *b, struct error *err)
{
	const struct jobs jobs = {
		.count = b->n_nodes,
		.parallel = b->parallel,
		.begin = job_begin,
		.run = job_run,
		.end = job_end,
		.event = note_event,
		.arg = b,
	};
	size_t failed = 0;

	int r = check(b, err);
	if (r == 0)
		r = make_directory(b, err);
	if (r < 0)
		return r;

	r = run_jobs(b, &jobs, &failed, err);
	if (r < 0)
		return r;
	if (b->session->context->diags->errors)
		return -EINVAL;
	return summarize(b, failed, err);
}

void building_free(struct building *b)
{
	forget(b);
	buf_free(&b->sums);
	buf_free(&b->failed);
}
