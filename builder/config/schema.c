/* SPDX-License-Identifier: Apache-2.0 */
#include "config/schema.h"

#include "config/cluster.h"
#include "util/alloc.h"

#define LABEL "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#define NUMBER "(0|[1-9][0-9]*)"

/* clang-format off */
const struct format format_domain = {
	"a domain name", "^" LABEL "([.]" LABEL ")*$",
	"lower-case letters, digits and '-', with dots between labels, as in 'cluster.local'" };

static const struct format format_label = {
	"a host name", "^" LABEL "$",
	"at most 63 lower-case letters, digits and '-', as in 'node0'" };
static const struct format format_cluster_name = {
	"a cluster name", "^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
	"at most 32 lower-case letters, digits and '-', as in 'rpi'" };
static const struct format format_version = {
	"a full version", "^" NUMBER "[.]" NUMBER "[.]" NUMBER "(-[0-9A-Za-z.-]+)?$",
	"three numbers without 'v', as in '1.34.2': nothing is looked up on first boot" };
static const struct format format_endpoint = {
	"a host with a port", "^(\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z.-]+|[0-9A-Fa-f:.]+)(:[0-9]+)?$",
	"a name or an address with a port, as in '192.168.5.20:6443'" };
static const struct format format_cidr = {
	"a network", "^[0-9A-Fa-f:.]+/[0-9]+$",
	"an address with a prefix length, as in '10.244.64.0/18'" };
static const struct format format_address = {
	"an address with a prefix length", "^(dhcp|[0-9A-Fa-f:.]+/[0-9]+)$",
	"as in '192.168.5.21/24', or 'dhcp'" };
static const struct format format_ip = {
	"an address", "^[0-9A-Fa-f:.]+$",
	"an address without a prefix length, as in '192.168.5.1'" };
static const struct format format_pool = {
	"a range of addresses", "^[0-9A-Fa-f:.]+(-[0-9A-Fa-f:.]+|/[0-9]+)$",
	"as in '192.168.5.250-192.168.5.252' or '192.168.5.248/29'" };
static const struct format format_interface = {
	"a network interface", "^[A-Za-z][A-Za-z0-9_.-]{0,14}$",
	"at most 15 letters, digits, '_', '.' and '-', as in 'eth0'" };
static const struct format format_country = {
	"a country code", "^[A-Z]{2}$",
	"two upper-case letters of ISO 3166, as in 'DE'" };
static const struct format format_login = {
	"a login name", "^[a-z][a-z0-9_-]{0,31}$",
	"at most 32 lower-case letters, digits, '_' and '-', beginning with a letter" };
static const struct format format_owner = {
	"a user or group", "^([a-z_][a-z0-9_-]{0,31}|0|[1-9][0-9]{0,8})$",
	"a name or a number, as in 'root' or '1000'" };
static const struct format format_hash = {
	"a password hash", "^[$][0-9A-Za-z]+[$][!-9;-~]+$",
	"as in '$y$j9T$...', printed by mkpasswd; for a password itself use 'passwordFile'" };
static const struct format format_mode = {
	"an octal mode", "^(0o)?0?[0-7]{3,4}$",
	"three or four octal digits, as in '0644'" };
static const struct format format_absolute = {
	"an absolute path", "^/",
	"a path on the node, as in '/etc/motd'" };
static const struct format format_relative = {
	"a path in a repository", "^[^/]",
	"relative to the top of the source, as in 'clusters/rpi'" };
static const struct format format_timezone = {
	"a time zone", "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
	"a name of the tz database, as in 'Europe/Berlin' or 'UTC'" };
static const struct format format_locale = {
	"a locale", "^([a-z]{2,3}_[A-Z]{2}[.]UTF-8(@[a-z]+)?|C[.]UTF-8)$",
	"language, country and character set, as in 'de_DE.UTF-8'" };
static const struct format format_keymap = {
	"a keyboard layout", "^[a-z]{2,}([_-][A-Za-z0-9_-]+)?$",
	"as in 'de' or 'us'" };
static const struct format format_url = {
	"a URL", "^[!-~]+$",
	"as in 'https://github.com/example/homelab'" };

static const struct format format_image_url = {
	"a URL of an image", "^(https?|file)://[!-?A-~]+$",
	"http, https or file, without a user in it, as in 'https://example.org/base.img.xz'" };
static const struct format format_sha256 = {
	"a SHA-256", "^[0-9A-Fa-f]{64}$",
	"64 hexadecimal digits, as sha256sum prints them" };

static const char *const versions[] = { SCHEMA_VERSION, NULL };
static const char *const roles[] = { "init", "controlplane", "worker", NULL };
static const char *const systems[] = { "raspios", NULL };
static const char *const sync_kinds[] = { "GitRepository", "OCIRepository", "Bucket", NULL };

#define AT(type, member) .offset = offsetof(struct type, member)
#define DEFINE_MAP(id, type, where)                                              \
	static const struct map map_##id = { #id, id##_fields, ARRAY_SIZE(id##_fields), \
					     sizeof(struct type), where }

static const struct field user_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, AT(user, name), .format = &format_login, .example = "pi",
	  .help = "Login name. An account that the image has already is changed, otherwise it is made." },
	{ "sshKeys", FIELD_TEXTS, FIELD_KEY_PATH | FIELD_OF_KEYS, AT(user, ssh_keys), .example = "[~/.ssh/id_ed25519.pub]",
	  .help = "Files of OpenSSH public keys, or such keys themselves, that may log in." },
	{ "passwordFile", FIELD_TEXT, FIELD_PATH | FIELD_SECRET, AT(user, password_file), .example = "pi.password",
	  .help = "File whose first line is the password." },
	{ "passwordHash", FIELD_TEXT, FIELD_SECRET, AT(user, password_hash), .format = &format_hash,
	  .example = "\"$y$j9T$...\"", .help = "Password hash as in crypt(5), instead of passwordFile." },
	{ "shell", FIELD_TEXT, 0, AT(user, shell), .format = &format_absolute, .example = "/bin/bash",
	  .help = "Login shell. Default: /bin/bash." },
	{ "sudo", FIELD_FLAG, 0, AT(user, sudo), .example = "true",
	  .help = "May use sudo without a password. Default: false." },
};
DEFINE_MAP(user, user, offsetof(struct user, at));

static const struct field file_fields[] = {
	{ "path", FIELD_TEXT, 0, AT(file_spec, path), .format = &format_absolute, .example = "/etc/motd",
	  .help = "Where it goes on the node; for an archive the directory to unpack it in. Default for an archive: /." },
	{ "content", FIELD_CONTENT, 0, AT(file_spec, content), .example = "\"hello\\n\"",
	  .help = "The content itself." },
	{ "source", FIELD_TEXT, FIELD_PATH, AT(file_spec, source), .example = "files/motd",
	  .help = "A file on this computer to take the content from." },
	{ "archive", FIELD_TEXT, FIELD_PATH, AT(file_spec, archive), .example = "overlay.tar",
	  .help = "A tar archive on this computer, with everything in it that is laid over the node." },
	{ "mode", FIELD_MODE, 0, AT(file_spec, mode), .format = &format_mode, .example = "0644",
	  .help = "Permissions, in octal digits. Default: 0644, and 0600 with secret: true." },
	{ "owner", FIELD_TEXT, 0, AT(file_spec, owner), .format = &format_owner, .example = "root",
	  .help = "User that owns it, by name or number. Default: root." },
	{ "group", FIELD_TEXT, 0, AT(file_spec, group), .format = &format_owner, .example = "root",
	  .help = "Group that owns it, by name or number. Default: root." },
	{ "secret", FIELD_FLAG, 0, AT(file_spec, secret), .example = "true",
	  .help = "The content is never shown, and others than the owner must not read it. Default: false." },
};
DEFINE_MAP(file, file_spec, offsetof(struct file_spec, at));

static const struct field wifi_fields[] = {
	{ "ssid", FIELD_TEXT, FIELD_REQUIRED, AT(wifi, ssid), .example = "homelab",
	  .help = "Name of the wireless network." },
	{ "passwordFile", FIELD_TEXT, FIELD_REQUIRED | FIELD_PATH | FIELD_SECRET, AT(wifi, password_file),
	  .example = "wifi.password", .help = "File whose first line is the passphrase." },
	{ "country", FIELD_TEXT, FIELD_REQUIRED, AT(wifi, country), .format = &format_country, .example = "DE",
	  .help = "Country whose rules for radio apply, ISO 3166 alpha-2." },
};
DEFINE_MAP(wifi, wifi, offsetof(struct wifi, at));

static const struct field network_fields[] = {
	{ "interface", FIELD_TEXT, 0, AT(network, interface), .format = &format_interface, .example = "eth0",
	  .help = "Network interface. Default: the board's." },
	{ "gateway", FIELD_TEXT, 0, AT(network, gateway), .format = &format_ip, .example = "192.168.5.1",
	  .help = "Default gateway, for a node with a static address." },
	{ "nameservers", FIELD_TEXTS, 0, AT(network, nameservers), .format = &format_ip, .example = "[192.168.5.1]",
	  .help = "DNS servers, for a node with a static address." },
	{ "wifi", FIELD_MAP, 0, AT(network, wifi), .map = &map_wifi,
	  .example = "{ssid: homelab, passwordFile: wifi.password, country: DE}",
	  .help = "Wireless network, for boards without a wire." },
};
DEFINE_MAP(network, network, offsetof(struct network, at));

static const struct field image_fields[] = {
	{ "file", FIELD_TEXT, FIELD_PATH, AT(image_source, file), .example = "rpi5-k8s-base.img.xz",
	  .help = "Image file on this computer, raw or compressed (xz, zst, gz, zip). It is only read." },
	{ "url", FIELD_TEXT, FIELD_SECRET, AT(image_source, url), .format = &format_image_url,
	  .example = "https://example.org/rpi5-k8s-base.img.xz",
	  .help = "Where to download the image, instead of a file. Needs 'sha256'." },
	{ "sha256", FIELD_TEXT, 0, AT(image_source, sha256), .format = &format_sha256,
	  .example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	  .help = "SHA-256 of the file, as it is downloaded." },
};
DEFINE_MAP(image, image_source, offsetof(struct image_source, at));

static const struct field node_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED | FIELD_OWN, AT(node, name), .format = &format_label, .example = "node0",
	  .help = "Host name, unique in the cluster." },
	{ "role", FIELD_TEXT, FIELD_OWN, AT(node, role_text), .values = roles, .example = "worker",
	  .help = "What the node does. Default: by name; controlplane is init, controlplane1 controlplane, node0 worker." },
	{ "address", FIELD_TEXT, FIELD_OWN, AT(node, address), .format = &format_address, .example = "192.168.5.21/24",
	  .help = "Static address with its prefix length, or dhcp. Default: dhcp." },
	{ "os", FIELD_TEXT, 0, AT(node, os), .values = systems, .example = "raspios",
	  .help = "Operating system of the base image. Default: raspios." },
	{ "board", FIELD_TEXT, FIELD_REQUIRED, AT(node, board_name), .example = "rpi5",
	  .help = "Board that the image is for; 'nib boards' lists them." },
	{ "image", FIELD_MAP, FIELD_REQUIRED | FIELD_UNMERGED, AT(node, image), .map = &map_image, .example = "{file: rpi5-k8s-base.img}",
	  .help = "Base image." },
	{ "network", FIELD_MAP, 0, AT(node, network), .map = &map_network,
	  .example = "{gateway: 192.168.5.1, nameservers: [192.168.5.1]}", .help = "How the node reaches the network." },
	{ "timezone", FIELD_TEXT, 0, AT(node, timezone), .format = &format_timezone, .example = "Europe/Berlin",
	  .help = "Time zone. Default: the image's." },
	{ "locale", FIELD_TEXT, 0, AT(node, locale), .format = &format_locale, .example = "de_DE.UTF-8",
	  .help = "Locale. Default: the image's." },
	{ "keymap", FIELD_TEXT, 0, AT(node, keymap), .format = &format_keymap, .example = "de",
	  .help = "Keyboard layout, a name of XKB. Default: the image's." },
	{ "users", FIELD_MAPS, 0, AT(node, users), offsetof(struct node, n_users), &map_user,
	  .example = "[{name: pi, sshKeys: [~/.ssh/id_ed25519.pub], sudo: true}]", .help = "Accounts." },
	{ "files", FIELD_MAPS, 0, AT(node, files), offsetof(struct node, n_files), &map_file,
	  .example = "[{path: /etc/motd, content: \"hello\\n\", mode: 0644}]", .help = "Files of one's own." },
};
const struct map schema_node = { "node", node_fields, ARRAY_SIZE(node_fields), sizeof(struct node),
				 offsetof(struct node, at) };

static const struct field settings_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, AT(cluster, name), .format = &format_cluster_name, .example = "rpi",
	  .help = "Name of the cluster." },
	{ "endpoint", FIELD_TEXT, 0, AT(cluster, endpoint), .format = &format_endpoint, .example = "192.168.5.20:6443",
	  .help = "Virtual address or name of the API server, with its port. Default: the first control plane." },
	{ "kubernetes", FIELD_TEXT, 0, AT(cluster, kubernetes), .format = &format_version, .example = "1.34.2",
	  .help = "Full version of Kubernetes, 1.31.0 or later. Default: the one in the image." },
	{ "podSubnet", FIELD_TEXT, 0, AT(cluster, pod_subnet), .format = &format_cidr, .example = "10.244.64.0/18",
	  .help = "Network of the pods. Default: 10.244.64.0/18." },
	{ "serviceSubnet", FIELD_TEXT, 0, AT(cluster, service_subnet), .format = &format_cidr, .example = "10.244.0.0/20",
	  .help = "Network of the services. Default: 10.244.0.0/20." },
	{ "dnsDomain", FIELD_TEXT, 0, AT(cluster, dns_domain), .format = &format_domain, .example = "cluster.local",
	  .help = "Domain of the services. Default: cluster.local." },
};
DEFINE_MAP(settings, cluster, offsetof(struct cluster, at));

static const struct field age_fields[] = {
	{ "identity", FIELD_TEXT, FIELD_REQUIRED | FIELD_PATH | FIELD_OF_KEYS, AT(cluster, age_identity),
	  .example = "~/.config/sops/age/keys.txt",
	  .help = "File with the age identity; it goes to the node that starts GitOps, and to no other." },
};
DEFINE_MAP(age, cluster, NO_PLACE);

static const struct field balancer_fields[] = {
	{ "pool", FIELD_TEXTS, FIELD_REQUIRED, AT(cilium, pool), .format = &format_pool,
	  .example = "[192.168.5.250-192.168.5.252]",
	  .help = "Addresses for services of type LoadBalancer: FIRST-LAST, or a network." },
	{ "interfaces", FIELD_TEXTS, 0, AT(cilium, interfaces), .example = "[\"^eth[0-9]+\"]",
	  .help = "Regular expressions of interfaces that announce these addresses. Default: all." },
};
DEFINE_MAP(balancer, cilium, NO_PLACE);

static const struct field cilium_fields[] = {
	{ "version", FIELD_TEXT, FIELD_REQUIRED, AT(cilium, version), .format = &format_version, .example = "1.18.12",
	  .help = "Full version of Cilium." },
	{ "gatewayAPI", FIELD_FLAG, 0, AT(cilium, gateway_api), .example = "true",
	  .help = "Offer the Gateway API. Default: false." },
	{ "loadBalancer", FIELD_MAP, 0, .map = &map_balancer,
	  .example = "{pool: [192.168.5.250-192.168.5.252], interfaces: [\"^eth[0-9]+\"]}",
	  .help = "Announce services of type LoadBalancer on the local network." },
};
DEFINE_MAP(cilium, cilium, offsetof(struct cilium, at));

static const struct field sync_fields[] = {
	{ "kind", FIELD_TEXT, FIELD_REQUIRED, AT(flux, kind), .values = sync_kinds, .example = "GitRepository",
	  .help = "Kind of the source." },
	{ "url", FIELD_TEXT, FIELD_REQUIRED, AT(flux, url), .format = &format_url,
	  .example = "https://github.com/example/homelab",
	  .help = "Where it is: https:// or ssh:// for Git, oci:// for an OCI artifact." },
	{ "ref", FIELD_TEXT, FIELD_REQUIRED, AT(flux, ref), .example = "refs/heads/main",
	  .help = "Git reference, OCI tag or bucket name." },
	{ "path", FIELD_TEXT, FIELD_REQUIRED, AT(flux, path), .format = &format_relative, .example = "clusters/rpi",
	  .help = "Directory in it to start from." },
	{ "pullSecret", FIELD_TEXT, 0, AT(flux, pull_secret), .format = &format_domain, .example = "flux-system",
	  .help = "Name of the Kubernetes Secret to read the source with. Default: none." },
};
DEFINE_MAP(sync, flux, NO_PLACE);

static const struct field flux_fields[] = {
	{ "sync", FIELD_MAP, FIELD_REQUIRED, .map = &map_sync,
	  .example = "{kind: GitRepository, url: \"https://github.com/example/homelab\", ref: refs/heads/main, path: clusters/rpi}",
	  .help = "What the cluster is reconciled with." },
};
DEFINE_MAP(flux, flux, offsetof(struct flux, at));

static const struct field gitops_fields[] = {
	{ "flux", FIELD_MAP, FIELD_REQUIRED, AT(cluster, flux), .map = &map_flux, .example = "{sync: ...}",
	  .help = "Hand the cluster over to Flux." },
};
DEFINE_MAP(gitops, cluster, NO_PLACE);

static const struct field root_fields[] = {
	{ "version", FIELD_TEXT, FIELD_REQUIRED, AT(cluster, version), .values = versions, .example = SCHEMA_VERSION,
	  .help = "Version of this format." },
	{ "cluster", FIELD_MAP, FIELD_REQUIRED, .map = &map_settings, .example = "{name: rpi}",
	  .help = "The cluster as a whole." },
	{ "secrets", FIELD_TEXT, FIELD_PATH | FIELD_OF_KEYS, AT(cluster, secrets), .example = "secrets.sops.yaml",
	  .help = "File with the cluster's secrets: plain (mode 0600), *.age or *.sops.yaml. Without it nodes do not join." },
	{ "age", FIELD_MAP, FIELD_OF_KEYS, .map = &map_age, .example = "{identity: ~/.config/sops/age/keys.txt}",
	  .help = "The key that decrypts secrets in Git." },
	{ "templates", FIELD_TEXT, FIELD_PATH, AT(cluster, templates), .example = "templates",
	  .help = "Directory searched for templates before the installed one, file by file." },
	{ "defaults", FIELD_DEFAULTS, 0, .map = &schema_node, .example = "{board: rpi5}",
	  .help = "Merged under every node: mappings key by key, lists and text are replaced by the node's." },
	{ "cilium", FIELD_MAP, 0, AT(cluster, cilium), .map = &map_cilium, .example = "{version: 1.18.12}",
	  .help = "The network of the pods." },
	{ "gitops", FIELD_MAP, 0, .map = &map_gitops, .example = "{flux: {sync: ...}}",
	  .help = "What the cluster is handed over to." },
	{ "nodes", FIELD_MAPS, FIELD_REQUIRED, AT(cluster, nodes), offsetof(struct cluster, n_nodes), &schema_node,
	  .example = "[{name: node0, board: rpi5, image: {file: base.img}}]", .help = "The nodes." },
};
const struct map schema_cluster = { "cluster.yaml", root_fields, ARRAY_SIZE(root_fields),
				    sizeof(struct cluster), NO_PLACE };
/* clang-format on */
