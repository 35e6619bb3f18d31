/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/manifest.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/apply.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/json.h"

static void add_attr(struct json_object *object, const struct file_attr *attr)
{
	AUTOFREE char *mode = xasprintf("%04o", attr->mode);

	json_put_text(object, "mode", mode);
	json_put_number(object, "uid", attr->uid);
	json_put_number(object, "gid", attr->gid);
}

static void add_content(struct json_object *object, const struct plan_op *op)
{
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];

	/* A digest of a short secret could be searched for offline. */
	if (op->secret) {
		json_put_flag(object, "secret", true);
		return;
	}

	digest_sha256(buf_text(&op->content), op->content.len, digest);
	digest_hex(digest, hex);
	json_put_number(object, "size", (int64_t)op->content.len);
	json_put_text(object, "sha256", hex);
}

static struct json_object *describe_op(const struct plan_op *op)
{
	struct json_object *object = json_object_new_object();

	json_put_text(object, "operation", plan_verb(op->kind));
	if (op->path[0])
		json_put_text(object, "path", op->path);

	if (op->kind == PLAN_MKDIR || op->kind == PLAN_WRITE)
		add_attr(object, &op->attr);
	if (op->kind == PLAN_WRITE)
		add_content(object, op);
	if (op->kind == PLAN_SYMLINK)
		json_put_text(object, "target", op->target);
	if (op->kind == PLAN_DISK_ID) {
		AUTOFREE char *id = xasprintf("%08x", op->disk_id);

		json_put_text(object, "id", id);
	}
	json_put_text(object, "reason", op->reason);
	return object;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Only the name: a path would make manifests differ between machines. */
static struct json_object *describe_image(const char *path, uint64_t size, const uint8_t *sha256)
{
	struct json_object *object = json_object_new_object();
	char hex[DIGEST_HEX_SIZE];

	json_put_text(object, "file", last_component(path));
	json_put_number(object, "size", (int64_t)size);
	if (sha256) {
		digest_hex(sha256, hex);
		json_put_text(object, "sha256", hex);
	}
	return object;
}

static int describe_base(const struct base *base, struct json_object **ret, struct error *err)
{
	struct stat st;

	if (fstat(base->packed >= 0 ? base->packed : base->fd, &st) < 0)
		return error_set_errno(err, -errno, "read '%s'", base->name);

	*ret = describe_image(base->name, (uint64_t)st.st_size,
			      base->has_sha256 ? base->sha256 : NULL);
	return 0;
}

static int describe(const struct manifest_subject *subject, struct json_object *root,
		    struct error *err)
{
	const struct node *node = subject->inputs->node;
	const struct build_result *result = subject->result;
	struct json_object *base, *operations = json_object_new_array();

	json_put_text(root, "nib", NIB_VERSION);
	json_put_text(root, "cluster", subject->inputs->cluster->name.value);
	json_put_text(root, "node", node->name.value);
	json_put_text(root, "role", role_name(node->role));
	json_put_text(root, "board", node->board ? node->board->name : NULL);

	int r = describe_base(subject->source, &base, err);
	if (r < 0)
		return r;
	json_object_object_add(root, "base", base);
	json_object_object_add(root, "image",
			       describe_image(result->path, result->size,
					      result->has_sha256 ? result->sha256 : NULL));

	for (size_t i = 0; i < subject->plan->count; i++)
		json_object_array_add(operations, describe_op(&subject->plan->ops[i]));
	json_object_object_add(root, "operations", operations);
	return 0;
}

int manifest_write(const struct manifest_subject *subject, int fd, struct error *err)
{
	AUTOJSON struct json_object *root = json_object_new_object();

	int r = describe(subject, root, err);
	if (r < 0)
		return r;

	const char *text = json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

	r = file_write_fd(fd, text, strlen(text));
	if (r == 0)
		r = file_write_fd(fd, "\n", 1);
	if (r < 0)
		return error_set_errno(err, r, "write the manifest");
	return 0;
}
