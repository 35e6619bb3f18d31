/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/check.h"
#include "util/alloc.h"
#include "util/text.h"
#include "util/version.h"

/* In MiB; kubeadm's preflight check refuses control planes with less. */
#define CONTROL_PLANE_MEMORY 1700

static void check_version(const struct text *version, struct diags *diags)
{
	AUTOFREE char *minor = version->value ? version_minor(version->value) : NULL;

	if (!minor || !version_minor_below(minor, KUBERNETES_MINIMUM))
		return;

	diag_error(diags, &version->at, "Kubernetes %s is too old", version->value);
	diag_help(diags, "%s.0 and later are possible", KUBERNETES_MINIMUM);
}

static void check_board(const struct cluster *cluster, const struct node *node, struct diags *diags)
{
	const struct flag *gateway_api = &cluster->cilium.gateway_api;
	const struct board *board = node->board;

	if (!board)
		return;

	if (node->role != ROLE_WORKER && board->memory_max < CONTROL_PLANE_MEMORY) {
		diag_warning(diags, &node->board_name.at,
			     "board '%s' has too little memory for a control plane", board->name);
		diag_help(diags, "kubeadm wants %d MB, the board has %u MB at most",
			  CONTROL_PLANE_MEMORY, board->memory_max);
	}

	if (gateway_api->value && board->address_bits < 47) {
		diag_warning(diags, &gateway_api->at,
			     "the Gateway API does not work on nodes with board '%s'", board->name);
		diag_help(diags,
			  "its kernel has %u bits of address space, Cilium's Envoy needs more",
			  board->address_bits);
	}
}

/* "git@host:path" is how git shows it, but not a URL that Flux takes. */
static bool suggest_ssh(const struct flux *flux, struct diags *diags)
{
	const char *url = flux->url.value, *colon = strchr(url, ':');

	if (strstr(url, "://") || !colon || !strchr(url, '@') || colon < strchr(url, '@'))
		return false;

	diag_error(diags, &flux->url.at, "'%s' is not a URL", url);
	diag_help(diags, "write 'ssh://%.*s/%s'", (int)(colon - url), url,
		  colon + 1 + (colon[1] == '/'));
	return true;
}

static bool has_password(const char *url)
{
	const char *start = strstr(url, "://");

	if (!start)
		return false;

	start += 3;
	size_t len = strcspn(start, "/");
	const char *at = memchr(start, '@', len);

	return at && memchr(start, ':', (size_t)(at - start));
}

static void check_url(const struct flux *flux, struct diags *diags)
{
	/* clang-format off */
	static const struct {
		const char *kind, *schemes[3], *help;
	} kinds[] = {
		{ "GitRepository", { "https://", "ssh://" },
		  "as in 'https://github.com/example/homelab' or 'ssh://git@github.com/example/homelab'" },
		{ "OCIRepository", { "oci://" },
		  "as in 'oci://ghcr.io/example/homelab'" },
	};
	/* clang-format on */

	if (!flux->url.value || !flux->kind.value)
		return;

	if (has_password(flux->url.value)) {
		diags_hide(diags, &flux->url.at);
		diag_error(diags, &flux->url.at, "'url' contains a password");
		diag_help(diags, "put it into a Kubernetes Secret and name that in 'pullSecret'");
		return;
	}

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool found = false;

		if (strcmp(kinds[i].kind, flux->kind.value) != 0)
			continue;
		for (size_t j = 0; kinds[i].schemes[j]; j++)
			found |= text_starts(flux->url.value, kinds[i].schemes[j]) &&
				 flux->url.value[strlen(kinds[i].schemes[j])];
		if (found || (i == 0 && suggest_ssh(flux, diags)))
			continue;
		diag_error(diags, &flux->url.at, "'%s' is not a URL for a source of kind %s",
			   flux->url.value, kinds[i].kind);
		diag_help(diags, "%s", kinds[i].help);
	}
}

/* Flux does not leave the source, so ".." is never meant. */
static void check_sync_path(const struct text *path, struct diags *diags)
{
	if (!path->value)
		return;

	for (const char *part = path->value; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strncmp(part, "..", strcspn(part, "/")) == 0 && strcspn(part, "/") == 2) {
			diag_error(diags, &path->at, "'..' is not allowed in 'path'");
			return;
		}
	}
}

static bool is_encrypted(const char *path)
{
	return path && (text_ends(path, ".age") || text_ends(path, ".sops.yaml"));
}

static void check_age(const struct cluster *cluster, struct diags *diags)
{
	/* Options cannot ask for GitOps: there the identity is just put on the node. */
	bool from_file = cluster->age_identity.at.line;

	if (cluster->age_identity.value && from_file && !cluster->flux.at.source &&
	    !is_encrypted(cluster->secrets.value) && !diags->errors)
		diag_warning(diags, &cluster->age_identity.at,
			     "the age identity is not used without 'gitops:'");
}

void check_kubernetes(const struct cluster *cluster, struct diags *diags)
{
	check_version(&cluster->kubernetes, diags);
	for (size_t i = 0; i < cluster->n_nodes; i++)
		check_board(cluster, &cluster->nodes[i], diags);

	check_url(&cluster->flux, diags);
	check_sync_path(&cluster->flux.path, diags);
	check_age(cluster, diags);
}
