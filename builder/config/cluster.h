/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * cluster.yaml as C structs: every value with the place where it was written.
 *
 * The file format is described in docs/cluster.md; the tables in
 * config/schema.c hold parser, JSON schema and structs together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/arena.h"
#include "config/board.h"
#include "util/diag.h"

/** A value and its place.  Not set if value is NULL.  Borrowed from the cluster's document. */
struct text {
	const char *value;
	struct location at;
};

/** A list of values. */
struct texts {
	struct text *list;
	size_t count;
	struct location at;
};

/** A yes or no; .set tells a default from a decision. */
struct flag {
	bool value;
	bool set;
	struct location at;
};

/** What a node does in the cluster. */
enum role {
	/** First control plane: kubeadm init, Cilium, GitOps. */
	ROLE_INIT,
	/** Further control planes. */
	ROLE_CONTROLPLANE,
	ROLE_WORKER,
};

/** Name of a role as cluster.yaml has it. */
const char *role_name(enum role role);

/** users: */
struct user {
	struct location at;
	/** Login name. */
	struct text name;
	/** Files of OpenSSH public keys, or keys themselves. */
	struct texts ssh_keys;
	/** File whose first line is the password. */
	struct text password_file;
	/** Password hash as in crypt(5). */
	struct text password_hash;
	/** Login shell; default /bin/bash. */
	struct text shell;
	/** May use sudo without a password. */
	struct flag sudo;
};

/** files: one of content, source, archive. */
struct file_spec {
	struct location at;
	/** Absolute path on the node; for an archive, the directory to unpack it in (default "/").
	 */
	struct text path;
	/** Content itself. */
	struct text content;
	/** Host file to take it from. */
	struct text source;
	/** Host tar archive of an overlay. */
	struct text archive;
	/** Octal digits; default 0644. */
	struct text mode;
	/** User and group by name or number; default root. */
	struct text owner, group;
	/** Holds a secret: never shown, mode must not be world-readable. */
	struct flag secret;
};

/** network.wifi: */
struct wifi {
	struct location at;
	struct text ssid;
	/** File whose first line is the passphrase. */
	struct text password_file;
	/** ISO 3166 alpha-2. */
	struct text country;
};

/** network: */
struct network {
	struct location at;
	/** Interface name; default: the board's. */
	struct text interface;
	/** Default gateway. */
	struct text gateway;
	struct texts nameservers;
	struct wifi wifi;
};

/** image: where a base image comes from; a file or a URL. */
struct image_source {
	struct location at;
	/** Absolute path. */
	struct text file;
	struct text url;
	/** Of the source, as a hexadecimal number; always there with a URL. */
	struct text sha256;
};

/** One node, with the defaults merged in. */
struct node {
	struct location at;
	/** DNS-1123 label, also the host name. */
	struct text name;
	/** As written; see role for what it means. */
	struct text role_text;
	enum role role;
	/** "ADDRESS/PREFIX" or "dhcp" (the default). */
	struct text address;
	struct text os;
	struct text board_name;
	/** Resolved board; NULL only after an error. */
	const struct board *board;
	struct image_source image;
	struct network network;
	struct text timezone, locale, keymap;
	struct user *users;
	size_t n_users;
	struct file_spec *files;
	size_t n_files;
};

/** cilium: */
struct cilium {
	struct location at;
	struct text version;
	struct flag gateway_api;
	/** IPv4 ranges "FIRST-LAST" or CIDRs for LoadBalancer services. */
	struct texts pool;
	/** Regular expressions of interfaces that announce them. */
	struct texts interfaces;
};

/** gitops.flux: */
struct flux {
	struct location at;
	/** GitRepository, OCIRepository or Bucket. */
	struct text kind;
	struct text url, ref, path;
	/** Secret for the source; optional. */
	struct text pull_secret;
};

/**
 * A whole cluster.yaml.  Strings live as long as the cluster; locations point into
 * sources of the diags it was loaded with, which must live longer.  Initialise with { 0 }.
 */
struct cluster {
	/** Directory that relative paths are relative to. */
	const char *directory;
	/** Version of the format. */
	struct text version;
	/** cluster: */
	struct location at;
	struct text name;
	/** "HOST:PORT"; the default is filled in by cluster_load(). */
	struct text endpoint;
	/** "1.34.2"; NULL if not given. */
	struct text kubernetes;
	struct text pod_subnet, service_subnet, dns_domain;
	/** Bundle file, absolute; NULL if there is none. */
	struct text secrets;
	/** age.identity, absolute. */
	struct text age_identity;
	struct cilium cilium;
	struct flux flux;
	/** Directory searched for templates before the installed one, absolute. */
	struct text templates;
	struct node *nodes;
	size_t n_nodes;
	/** Boards, for nodes to point into. */
	struct boards boards;
	/** Owns every string and list above. */
	struct arena memory;
};

/**
 * Load and check a cluster file.
 *
 * Mistakes go to diags, all of them; the cluster may only be used if there are
 * none.  Files that cluster.yaml names are not opened here (see plan/inputs.h).
 *
 * @param path        the file
 * @param boards_dir  directory of boards/
 */
int cluster_load(const char *path, const char *boards_dir, struct cluster *ret, struct diags *diags,
		 struct error *err);

/** Like cluster_load(), from a source that is registered with diags already. */
int cluster_parse(const struct source *source, const char *directory, const char *boards_dir,
		  struct cluster *ret, struct diags *diags, struct error *err);

/** Values given as options, for a cluster of one node without a file; NULL where not given. */
struct cluster_options {
	/** A file, or a URL (with "://"), and its SHA-256. */
	const char *image, *image_sha256;
	const char *hostname, *role, *board, *address, *gateway, *interface;
	/** ssh_keys, nameservers: NULL-terminated lists; may be NULL. */
	const char *const *ssh_keys, *const *nameservers;
	const char *password_file, *age_key, *secrets, *pod_subnet, *service_subnet;
	const char *endpoint, *kubernetes, *cluster_name, *templates, *timezone;
};

/** Like cluster_load(), from options; diagnostics point at options by name ("--ssh-key"). */
int cluster_from_options(const struct cluster_options *options, const char *boards_dir,
			 struct cluster *ret, struct diags *diags, struct error *err);

/**
 * Of two wordings, the one for where a value comes from: a file, or options.  A file's
 * locations have lines, those of options have none.
 */
const char *cluster_wording(const struct location *at, const char *in_file, const char *as_option);

/** What was written to say where the image is: the file or the URL; for messages. */
const struct text *image_place(const struct image_source *image);

/** Is an entry of sshKeys a public key itself, rather than the path of a file? */
bool cluster_is_public_key(const char *text);

/** The oldest Kubernetes whose kubeadm reads the configuration that templates/ write (v1beta4). */
#define KUBERNETES_MINIMUM "1.31"

/** The node with that name, or NULL. */
const struct node *cluster_node(const struct cluster *cluster, const char *name);

/** The first control plane, or NULL. */
const struct node *cluster_init_node(const struct cluster *cluster);

/** Release everything. */
void cluster_free(struct cluster *cluster);
#define AUTOCLUSTER CLEANUP(cluster_free)
