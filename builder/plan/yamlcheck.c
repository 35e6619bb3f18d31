/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/yamlcheck.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

static bool same_scalar(const yaml_node_t *a, const yaml_node_t *b)
{
	return a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
	       a->data.scalar.length == b->data.scalar.length &&
	       memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

/* libyaml keeps both; others keep the first or the last, each its own. */
static int check_keys(yaml_document_t *document, const yaml_node_t *mapping, struct error *err)
{
	const yaml_node_pair_t *start = mapping->data.mapping.pairs.start;

	for (const yaml_node_pair_t *a = start; a < mapping->data.mapping.pairs.top; a++) {
		const yaml_node_t *key = yaml_document_get_node(document, a->key);

		for (const yaml_node_pair_t *b = start; b < a; b++)
			if (same_scalar(key, yaml_document_get_node(document, b->key)))
				return error_set(err, -EINVAL,
						 "line %zu: a key that is there twice",
						 key->start_mark.line + 1);
	}

	return 0;
}

static int check_document(yaml_document_t *document, struct error *err)
{
	const yaml_node_t *root = yaml_document_get_root_node(document);

	if (root->type != YAML_MAPPING_NODE)
		return error_set(err, -EINVAL, "line %zu: not a mapping",
				 root->start_mark.line + 1);

	for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
		int r = node->type == YAML_MAPPING_NODE ? check_keys(document, node, err) : 0;

		if (r < 0)
			return r;
	}

	return 0;
}

static void wipe_document(yaml_document_t *document)
{
	for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
		if (node->type == YAML_SCALAR_NODE)
			OPENSSL_cleanse(node->data.scalar.value, node->data.scalar.length);
	yaml_document_delete(document);
}

static int check_next(yaml_parser_t *parser, bool *end, struct error *err)
{
	yaml_document_t document;
	int r = 0;

	if (!yaml_parser_load(parser, &document))
		return error_set(err, -EINVAL, "line %zu: %s", parser->problem_mark.line + 1,
				 parser->problem ? parser->problem : "unreadable");

	*end = !yaml_document_get_root_node(&document);
	if (!*end)
		r = check_document(&document, err);

	wipe_document(&document);
	return r;
}

int yaml_check(const struct buf *text, struct error *err)
{
	yaml_parser_t parser;
	bool end = false;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, -ENOMEM, "set up libyaml");

	yaml_parser_set_input_string(&parser, (const unsigned char *)buf_text(text), text->len);
	while (r == 0 && !end)
		r = check_next(&parser, &end, err);

	OPENSSL_cleanse(parser.buffer.start, (size_t)(parser.buffer.end - parser.buffer.start));
	yaml_parser_delete(&parser);
	return r;
}
