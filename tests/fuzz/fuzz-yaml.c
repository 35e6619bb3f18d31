/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is in cluster.yaml: findings point into it and hold no control
 * characters, and a cluster without errors has all that the planner relies on.
 */
#include <string.h>

#include "config/cluster.h"
#include "config/net.h"
#include "config/yaml-text.h"
#include "fuzz.h"
#include "util/text.h"

static void check_place(const struct location *at)
{
	const char *pos;
	struct line line = { 0 };

	if (!at->source || !at->line)
		return;

	pos = buf_text(&at->source->text);
	for (unsigned i = 0; i < at->line; i++)
		FUZZ_CHECK(text_next_line(&pos, &line) || (i + 1 == at->line && at->column == 1));
	FUZZ_CHECK(at->column >= 1);
	FUZZ_CHECK(at->column == 1 || at->column <= line.len + 1);
}

static void check_diags(const struct diags *diags)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; i < diags->count; i++) {
		check_place(&diags->list[i].at);
		FUZZ_CHECK(!yaml_text_has_control(diags->list[i].message));
		FUZZ_CHECK(!diags->list[i].help || !yaml_text_has_control(diags->list[i].help));
	}

	FUZZ_CHECK(stream);
	diags_print(diags, stream, false, true);
	(void)fclose(stream);
	free(text);
}

static void check_node(const struct cluster *cluster, const struct node *node)
{
	struct cidr address;

	FUZZ_CHECK(node->name.value && node->board && image_place(&node->image)->value &&
		   node->os.value);
	FUZZ_CHECK(node->network.interface.value && node->address.value);
	FUZZ_CHECK(cluster_node(cluster, node->name.value) == node);
	FUZZ_CHECK(strcmp(node->address.value, "dhcp") == 0 ||
		   cidr_parse(node->address.value, &address));
	for (size_t i = 0; i < node->n_users; i++)
		FUZZ_CHECK(node->users[i].name.value);
	for (size_t i = 0; i < node->n_files; i++) {
		const struct file_spec *file = &node->files[i];

		FUZZ_CHECK(file->path.value && file->path.value[0] == '/');
		FUZZ_CHECK(!strstr(file->path.value, "/../"));
		FUZZ_CHECK(!!file->content.value + !!file->source.value + !!file->archive.value ==
			   1);
	}
}

static void check_cluster(const struct cluster *cluster)
{
	AUTOFREE char *host = NULL;
	struct cidr cidr;
	unsigned port;

	FUZZ_CHECK(cluster->name.value && cluster->n_nodes && cluster->dns_domain.value);
	FUZZ_CHECK(cidr_parse(cluster->pod_subnet.value, &cidr) && cidr_is_canonical(&cidr));
	FUZZ_CHECK(cidr_parse(cluster->service_subnet.value, &cidr) && cidr_is_canonical(&cidr));
	FUZZ_CHECK(endpoint_parse(cluster->endpoint.value, &host, &port));
	for (size_t i = 0; i < cluster->n_nodes; i++)
		check_node(cluster, &cluster->nodes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTODIAGS struct diags diags = { 0 };
	AUTOCLUSTER struct cluster cluster = { 0 };
	struct buf text = { 0 };

	buf_add(&text, data, size);
	FUZZ_CHECK(cluster_parse(diags_source(&diags, "cluster.yaml", text), ".",
				 NIB_SOURCEDIR "/boards", &cluster, &diags, &err) == 0);
	check_diags(&diags);
	if (!diags.errors)
		check_cluster(&cluster);
	return 0;
}
