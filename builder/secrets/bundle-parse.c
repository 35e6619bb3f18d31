/* SPDX-License-Identifier: Apache-2.0 */
/* The keys are those of "talosctl gen secrets"; all that are not named here are none of our
 * business and left alone. */
#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <yaml.h>

#include "secrets/base64.h"
#include "secrets/bundle.h"
#include "secrets/ca.h"
#include "util/alloc.h"
#include "util/digest.h"
#include "util/text.h"

enum {
	MAX_BUNDLE = 1 << 20,
	TOKEN_ID = 6,
	TOKEN_LENGTH = TOKEN_ID + 1 + 16,
	CERTIFICATE_KEY_LENGTH = 64,
};

/** A bundle that is being read. */
struct reading {
	yaml_document_t document;
	/** Place of the mistake. */
	unsigned line, column;
	struct error *err;
};

static int mistake(struct reading *reading, const yaml_mark_t *mark, const char *text)
{
	reading->line = (unsigned)mark->line + 1;
	reading->column = (unsigned)mark->column + 1;
	return error_set(reading->err, -EINVAL, "%s", text);
}

static bool is_scalar(const yaml_node_t *node, const char *value)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length == strlen(value) &&
	       memcmp(node->data.scalar.value, value, node->data.scalar.length) == 0;
}

/* The value of a key, NULL if it is not there; a key that is there twice is a mistake. */
static int find(struct reading *reading, const yaml_node_t *mapping, const char *key,
		const yaml_node_t **ret)
{
	*ret = NULL;
	if (!mapping || is_scalar(mapping, ""))
		return 0;
	if (mapping->type != YAML_MAPPING_NODE)
		return mistake(reading, &mapping->start_mark, "not a mapping");

	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	     pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *k = yaml_document_get_node(&reading->document, pair->key);

		if (!is_scalar(k, key))
			continue;
		if (*ret)
			return mistake(reading, &k->start_mark, "a key that is there twice");
		*ret = yaml_document_get_node(&reading->document, pair->value);
	}

	return 0;
}

/* A scalar three levels down at most; NULL if it, or what it is in, is not there or empty. */
static int find_scalar(struct reading *reading, const char *const path[3], const yaml_node_t **ret)
{
	const yaml_node_t *node = yaml_document_get_root_node(&reading->document);

	for (size_t i = 0; i < 3 && path[i]; i++) {
		int r = find(reading, node, path[i], &node);
		if (r < 0)
			return r;
	}

	if (node && node->type != YAML_SCALAR_NODE)
		return mistake(reading, &node->start_mark, "not a string");
	if (node && node->data.scalar.length == 0)
		node = NULL;

	*ret = node;
	return 0;
}

static bool all(const char *text, size_t from, size_t to, bool (*is)(char c))
{
	for (size_t i = from; i < to; i++)
		if (!is(text[i]))
			return false;

	return true;
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

static int read_token(struct reading *reading, struct bundle *bundle)
{
	static const char *const path[3] = { "secrets", "bootstraptoken" };
	const yaml_node_t *node = NULL;

	int r = find_scalar(reading, path, &node);
	if (r < 0)
		return r;
	if (!node)
		return error_set(reading->err, -EINVAL,
				 "no secrets.bootstraptoken: nodes cannot join without one");

	const char *text = (const char *)node->data.scalar.value;
	if (node->data.scalar.length != TOKEN_LENGTH || text[TOKEN_ID] != '.' ||
	    !all(text, 0, TOKEN_ID, is_token_char) ||
	    !all(text, TOKEN_ID + 1, TOKEN_LENGTH, is_token_char))
		return mistake(reading, &node->start_mark,
			       "not a bootstrap token: 6 and 16 of a-z and 0-9 with a dot between");

	bundle->token = xstrndup(text, TOKEN_LENGTH);
	return 0;
}

static int read_certificate_key(struct reading *reading, struct bundle *bundle)
{
	static const char *const path[3] = { "nib", "certificatekey" };
	const yaml_node_t *node = NULL;

	int r = find_scalar(reading, path, &node);
	if (r < 0 || !node)
		return r;

	const char *text = (const char *)node->data.scalar.value;
	if (node->data.scalar.length != CERTIFICATE_KEY_LENGTH ||
	    !all(text, 0, CERTIFICATE_KEY_LENGTH, is_hex))
		return mistake(reading, &node->start_mark,
			       "not a certificate key: 64 hex digits (kubeadm certs "
			       "certificate-key)");

	bundle->certificate_key = xstrdup(text);
	return 0;
}

static int read_pem(struct reading *reading, const char *const path[3], const yaml_node_t **node,
		    struct buf *ret)
{
	int r = find_scalar(reading, path, node);
	if (r < 0 || !*node)
		return r;

	const char *text = (const char *)(*node)->data.scalar.value;
	size_t len = (*node)->data.scalar.length;
	if (base64_decode(text, len, ret) < len)
		return mistake(reading, &(*node)->start_mark, "not base64");
	return 0;
}

static int read_ca(struct reading *reading, struct bundle *bundle)
{
	static const char *const crt_path[3] = { "certs", "k8s", "crt" };
	static const char *const key_path[3] = { "certs", "k8s", "key" };
	const yaml_node_t *crt = NULL, *key = NULL;

	int r = read_pem(reading, crt_path, &crt, &bundle->ca_crt);
	if (r == 0)
		r = read_pem(reading, key_path, &key, &bundle->ca_key);
	if (r < 0 || (!crt && !key))
		return r;

	if (!crt || !key)
		return mistake(reading, crt ? &crt->start_mark : &key->start_mark,
			       "certs.k8s needs both, crt and key");

	r = ca_check(&bundle->ca_crt, &bundle->ca_key, &bundle->ca_hash, reading->err);
	if (r < 0) {
		reading->line = (unsigned)crt->start_mark.line + 1;
		reading->column = (unsigned)crt->start_mark.column + 1;
		return error_prefix(reading->err, "certs.k8s");
	}
	return 0;
}

/* A file with a name that does not tell that it is encrypted is read as it is. */
static int check_plain(struct reading *reading)
{
	const yaml_node_t *root = yaml_document_get_root_node(&reading->document), *sops = NULL;

	int r = find(reading, root, "sops", &sops);
	if (r < 0)
		return r;
	if (sops)
		return error_set(reading->err, -EINVAL,
				 "encrypted by sops: its name has to end in .sops.yaml");
	return 0;
}

/* Each part with its 0 byte, so that no two bundles give the same text. */
static void make_seed(struct bundle *bundle)
{
	AUTOBUF struct buf secrets = { 0 };
	const char *certificate_key = bundle->certificate_key ? bundle->certificate_key : "";

	buf_add(&secrets, bundle->token, strlen(bundle->token) + 1);
	buf_add(&secrets, certificate_key, strlen(certificate_key) + 1);
	buf_add(&secrets, bundle->ca_key.data, bundle->ca_key.len);
	digest_sha256(secrets.data, secrets.len, bundle->seed);
}

static int read_document(struct reading *reading, struct bundle *ret)
{
	int r = check_plain(reading);

	if (r == 0)
		r = read_token(reading, ret);
	if (r == 0)
		r = read_certificate_key(reading, ret);
	if (r == 0)
		r = read_ca(reading, ret);
	if (r == 0)
		make_seed(ret);
	return r;
}

/* libyaml does not wipe what it releases, so its copies of secrets are wiped before. */
static void document_done(yaml_document_t *document)
{
	for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
		if (node->type == YAML_SCALAR_NODE)
			OPENSSL_cleanse(node->data.scalar.value, node->data.scalar.length);
	yaml_document_delete(document);
}

static void parser_done(yaml_parser_t *parser)
{
	OPENSSL_cleanse(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
	OPENSSL_cleanse(parser->raw_buffer.start,
			(size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
	yaml_parser_delete(parser);
}

static int load(yaml_parser_t *parser, struct reading *reading, struct bundle *ret)
{
	if (!yaml_parser_load(parser, &reading->document)) {
		reading->line = (unsigned)parser->problem_mark.line + 1;
		reading->column = (unsigned)parser->problem_mark.column + 1;
		return error_set(reading->err, -EINVAL, "not YAML: %s",
				 parser->problem ? parser->problem : "unreadable");
	}

	const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
	int r = !root || root->type != YAML_MAPPING_NODE
			? error_set(reading->err, -EINVAL, "not a bundle of secrets")
			: read_document(reading, ret);

	document_done(&reading->document);
	return r;
}

int bundle_parse(const struct buf *text, struct bundle *ret, unsigned *line, unsigned *column,
		 struct error *err)
{
	AUTOBUNDLE struct bundle bundle = { 0 };
	struct reading reading = { .err = err };
	yaml_parser_t parser;

	*line = *column = 0;
	if (text->len > MAX_BUNDLE)
		return error_set(err, -EFBIG, "more than %d bytes", MAX_BUNDLE);
	if (text_starts(buf_text(text), "age-encryption.org/") ||
	    text_starts(buf_text(text), "-----BEGIN AGE ENCRYPTED FILE-----"))
		return error_set(err, -EINVAL, "encrypted by age: its name has to end in .age");
	if (!yaml_parser_initialize(&parser))
		return error_set(err, -ENOMEM, "set up libyaml");

	yaml_parser_set_input_string(&parser, (const unsigned char *)buf_text(text), text->len);
	int r = load(&parser, &reading, &bundle);
	parser_done(&parser);

	*line = reading.line;
	*column = reading.column;
	if (r < 0)
		return r;

	*ret = bundle;
	bundle = (struct bundle){ 0 };
	return 0;
}
