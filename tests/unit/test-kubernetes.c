/* SPDX-License-Identifier: Apache-2.0 */
/* What each role gets, and what is said about what cannot work.  The content of the rendered files
 * is checked by tests/templates with a second parser. */
#include "plan/kubernetes.h"

#include "tmpdir.h"
#include "util/text.h"

#define TOKEN "abcdef.0123456789abcdef"
#define CERTIFICATE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AGE_KEY "AGE-SECRET-KEY-1VDC7ZA6XHQNR2PSC0D09CT0C2T72M83MSN9SKJ4HH6VY6UZWRF3SYVTDHZ"

/** What a case changes of the reference cluster. */
struct variant {
	/** Lines for cluster:, after name and subnets; NULL: the usual endpoint and version. */
	const char *cluster;
	/** More of the file. */
	const char *more;
	/** Node to plan; NULL: "controlplane". */
	const char *node;
	/** kubeadm of the base image; NULL: 1.34.2-1.1; "" for none. */
	const char *kubeadm;
	/** What the cluster's secrets hold. */
	bool no_bundle, no_ca, no_certificate_key, no_age_key;
};

/** A planned node. */
struct planned {
	struct cluster cluster;
	struct inputs inputs;
	struct bundle bundle;
	struct plan plan;
	struct diags diags;
	struct error err;
	int code;
};

static void planned_free(struct planned *p)
{
	plan_free(&p->plan);
	inputs_free(&p->inputs);
	bundle_free(&p->bundle);
	cluster_free(&p->cluster);
	diags_free(&p->diags);
	error_clear(&p->err);
}

static struct buf cluster_text(const struct variant *v)
{
	struct buf text = buf_from("version: nib/v1\n"
				   "cluster:\n"
				   "  name: rpi\n"
				   "  podSubnet: 10.244.64.0/18\n"
				   "  serviceSubnet: 10.244.0.0/20\n");

	buf_adds(&text,
		 v->cluster ? v->cluster : "  kubernetes: 1.34.2\n  endpoint: 192.168.5.21:6443\n");
	buf_adds(&text, "defaults:\n"
			"  board: rpi5\n"
			"  image: {file: base.img}\n"
			"  network: {interface: eth0, gateway: 192.168.5.1}\n"
			"  users: [{name: pi, sshKeys: [id.pub]}]\n"
			"nodes:\n"
			"  - {name: controlplane, address: 192.168.5.21/24}\n"
			"  - {name: controlplane1, address: dhcp}\n"
			"  - {name: node0, address: 192.168.5.31/24}\n");
	buf_adds(&text, v->more ? v->more : "");
	return text;
}

static void fill_bundle(const struct variant *v, struct bundle *bundle)
{
	bundle->token = xstrdup(TOKEN);
	if (!v->no_certificate_key)
		bundle->certificate_key = xstrdup(CERTIFICATE);
	if (v->no_ca)
		return;
	bundle->ca_crt = buf_from("(certificate)\n");
	bundle->ca_key = buf_from("(private key)\n");
	bundle->ca_hash = xstrdup("sha256:" CERTIFICATE);
}

static void plan_variant(void **state, const struct variant *v, const char *templates,
			 struct planned *ret)
{
	AUTOFREE char *path = tmpdir_path(state, "cluster.yaml");
	AUTOFREE char *boards = xasprintf("%s/boards", getenv("NIB_SOURCE_ROOT"));
	AUTOFREE char *installed = xasprintf("%s/templates", getenv("NIB_SOURCE_ROOT"));
	AUTOBUF struct buf text = cluster_text(v);
	struct release release = {
		.kubeadm_version = (char *)(uintptr_t)(v->kubeadm ? v->kubeadm : "1.34.2-1.1"),
	};

	tmpdir_write(state, "cluster.yaml", &text);
	assert_int_equal(cluster_load(path, boards, &ret->cluster, &ret->diags, &ret->err), 0);
	if (ret->diags.errors) {
		diags_print(&ret->diags, stderr, false, true);
		fail();
	}
	diags_free(&ret->diags);

	fill_bundle(v, &ret->bundle);
	ret->inputs = (struct inputs){
		.cluster = &ret->cluster,
		.node = cluster_node(&ret->cluster, v->node ? v->node : "controlplane"),
		.bundle = ret->bundle,
		.has_bundle = !v->no_bundle,
		.template_dirs = { templates, installed },
	};
	if (ret->inputs.node->role == ROLE_INIT && !v->no_age_key)
		ret->inputs.age_identity = buf_from(AGE_KEY "\n");
	ret->inputs.users = xcalloc(ret->inputs.node->n_users, sizeof(*ret->inputs.users));

	ret->code = kubernetes_plan(&ret->inputs, &release, &ret->plan, &ret->diags, &ret->err);
}

#define AUTOPLANNED CLEANUP(planned_free) struct planned

/* "KIND MODE [secret] PATH" of all operations. */
static char *list(const struct plan *plan)
{
	static const char *const kinds[] = {
		[PLAN_MKDIR] = "dir", [PLAN_WRITE] = "file",   [PLAN_SYMLINK] = "link",
		[PLAN_REMOVE] = "no", [PLAN_DISK_ID] = "disk",
	};
	AUTOBUF struct buf text = { 0 };

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_op *op = &plan->ops[i];

		assert_int_equal(op->attr.uid, 0);
		assert_int_equal(op->attr.gid, 0);
		assert_non_null(op->reason);
		buf_addf(&text, "%s %04o %s%s\n", kinds[op->kind], op->attr.mode,
			 op->secret ? "secret " : "", op->path);
	}
	return xstrdup(buf_text(&text));
}

#define SCRIPTS                                                 \
	"file 0644 /etc/systemd/system/k8s-firstboot.service\n" \
	"file 0755 /usr/bin/k8s-firstboot.sh\n"                 \
	"file 0644 /usr/lib/k8s-firstboot/common.sh\n"          \
	"file 0755 /usr/lib/k8s-firstboot/10-preflight\n"       \
	"file 0755 /usr/lib/k8s-firstboot/20-runtime\n"         \
	"file 0755 /usr/lib/k8s-firstboot/30-kubeadm\n"
#define STATE                                   \
	"dir 0755 /etc/kubernetes\n"            \
	"dir 0700 /var/lib/k8s-firstboot\n"     \
	"no 0000 /var/lib/k8s-firstboot-done\n" \
	"link 0000 /etc/systemd/system/multi-user.target.wants/k8s-firstboot.service\n"
#define LAST "file 0755 /usr/lib/k8s-firstboot/90-cleanup\n"
#define ENV "file 0644 /etc/nib/kubernetes.env\n"
#define CA                                       \
	"dir 0700 /etc/kubernetes/pki\n"         \
	"file 0644 /etc/kubernetes/pki/ca.crt\n" \
	"file 0600 secret /etc/kubernetes/pki/ca.key\n"
#define FLUX                                                                         \
	"gitops: {flux: {sync: {kind: GitRepository, url: 'https://example.org/x', " \
	"ref: refs/heads/main, path: a}}}\n"
#define POOL "cilium: {version: 1.18.12, loadBalancer: {pool: [192.168.5.250-192.168.5.252]}}\n"

/* clang-format off */
static const struct {
	const char *name;
	struct variant variant;
	const char *want;
} roles[] = {
	{ "a worker: a token, and nothing of the cluster's keys", { .node = "node0" },
	  "file 0600 secret /etc/nib/kubeadm.yaml\n" SCRIPTS LAST ENV STATE },
	{ "a further control plane", { .node = "controlplane1" },
	  "file 0600 secret /etc/nib/kubeadm.yaml\n" SCRIPTS LAST ENV STATE },
	{ "the first, with everything", { .more = FLUX POOL },
	  "file 0600 secret /root/keys.txt\n"
	  "file 0600 secret /etc/nib/kubeadm.yaml\n"
	  "file 0644 /etc/nib/cilium-values.yaml\n"
	  "file 0644 /etc/nib/cilium-loadbalancer.yaml\n"
	  "file 0644 /etc/nib/flux-operator-values.yaml\n"
	  "file 0644 /etc/nib/flux-instance.yaml\n"
	  SCRIPTS
	  "file 0755 /usr/lib/k8s-firstboot/40-cni\n"
	  "file 0755 /usr/lib/k8s-firstboot/50-gitops\n"
	  "file 0755 /usr/lib/k8s-firstboot/60-kubeconfig\n"
	  "file 0755 /usr/lib/k8s-firstboot/70-csr\n"
	  LAST ENV "file 0644 /etc/nib/nodes\n" STATE CA },
	{ "the first, without GitOps and without a CA", { .no_age_key = true, .no_ca = true },
	  "file 0600 secret /etc/nib/kubeadm.yaml\n"
	  "file 0644 /etc/nib/cilium-values.yaml\n"
	  SCRIPTS
	  "file 0755 /usr/lib/k8s-firstboot/40-cni\n"
	  "file 0755 /usr/lib/k8s-firstboot/60-kubeconfig\n"
	  "file 0755 /usr/lib/k8s-firstboot/70-csr\n"
	  LAST ENV "file 0644 /etc/nib/nodes\n" STATE },
	{ "without secrets: the age key alone", { .no_bundle = true }, "file 0600 secret /root/keys.txt\n" },
	{ "without secrets, a worker", { .no_bundle = true, .node = "node0" }, "" },
};
/* clang-format on */

static void gives_each_role_its_own(void **state)
{
	TEST_EACH (i, roles) {
		AUTOPLANNED p = { 0 };

		plan_variant(state, &roles[i].variant, NULL, &p);
		assert_case(roles[i].name, p.code == 0 && !p.diags.errors);

		AUTOFREE char *got = list(&p.plan);
		assert_text(roles[i].name, got, roles[i].want);
	}
}

/* Not marked as secret means: shown, and hashed in the manifest. */
static void marks_whatever_holds_a_secret(void **state)
{
	static const char *const secrets[] = { TOKEN, CERTIFICATE, AGE_KEY, "(private key)" };

	TEST_EACH (i, roles) {
		AUTOPLANNED p = { 0 };

		plan_variant(state, &roles[i].variant, NULL, &p);
		for (size_t j = 0; j < p.plan.count; j++) {
			const struct plan_op *op = &p.plan.ops[j];

			TEST_EACH (k, secrets) {
				/* The hash of the CA is no secret, but looks like the key here. */
				if (op->kind != PLAN_WRITE ||
				    !strstr(buf_text(&op->content), secrets[k]))
					continue;
				assert_case(op->path, op->secret && op->attr.mode == 0600);
			}
		}
	}
}

#define KUBEADM_OF(minor) "the base image has kubeadm " minor ", which does not install 1.34.2"

/* clang-format off */
static const struct {
	const char *name;
	struct variant variant;
	/** "error: TEXT" or "warning: TEXT", one line per finding. */
	const char *want;
} findings[] = {
	{ "nothing", { 0 }, "" },
	{ "nothing, joining", { .node = "controlplane1" }, "" },
	{ "no bundle", { .no_bundle = true },
	  "warning: without secrets there is no token to join with, so no Kubernetes configuration "
	  "and no first boot go into the image\n" },
	{ "no CA, first", { .no_ca = true }, "" },
	{ "no CA, joining", { .no_ca = true, .node = "node0" },
	  "warning: the bundle holds no CA: 'node0' joins whoever answers at 192.168.5.21:6443\n" },
	{ "no certificate key", { .no_certificate_key = true, .node = "controlplane1" },
	  "error: without a certificate key 'controlplane1' cannot join as control plane\n" },
	{ "no certificate key, worker", { .no_certificate_key = true, .node = "node0" }, "" },
	{ "kubeadm is older", { .kubeadm = "1.33.4-1.1" }, "error: " KUBEADM_OF("1.33.4-1.1") "\n" },
	{ "kubeadm is newer", { .kubeadm = "1.35.0-1.1" }, "error: " KUBEADM_OF("1.35.0-1.1") "\n" },
	{ "another patch level", { .kubeadm = "1.34.9-1.1" }, "" },
	{ "no kubeadm", { .kubeadm = "" }, "warning: the base image has no kubeadm and no CRI-O\n" },
	{ "kubeadm is too old", { .cluster = "  endpoint: 192.168.5.21:6443\n", .kubeadm = "1.30.2-1.1" },
	  "error: kubeadm 1.30.2-1.1 of the base image is too old\n" },
	{ "version of the base image", { .cluster = "  endpoint: 192.168.5.21:6443\n" }, "" },
	{ "no version at all", { .cluster = "  endpoint: 192.168.5.21:6443\n", .kubeadm = "" },
	  "error: no version of Kubernetes is given, and the base image has no kubeadm\n" },
	{ "nobody's endpoint", { .cluster = "  kubernetes: 1.34.2\n  endpoint: 192.168.5.20:6443\n" },
	  "warning: the endpoint 192.168.5.20 is the address of no node\n" },
	{ "nobody's endpoint, joining",
	  { .cluster = "  kubernetes: 1.34.2\n  endpoint: 192.168.5.20:6443\n", .node = "node0" }, "" },
	{ "an endpoint by name", { .cluster = "  kubernetes: 1.34.2\n  endpoint: api.example.org:6443\n" }, "" },
	{ "Cilium without a Gateway API release",
	  { .more = "cilium: {version: 1.15.1, gatewayAPI: true}\n" },
	  "error: no release of the Gateway API is known for Cilium 1.15.1\n" },
	{ "Cilium with one", { .more = "cilium: {version: 1.20.0, gatewayAPI: true}\n" }, "" },
};
/* clang-format on */

static void says_what_cannot_work(void **state)
{
	TEST_EACH (i, findings) {
		AUTOPLANNED p = { 0 };
		AUTOBUF struct buf got = { 0 };

		plan_variant(state, &findings[i].variant, NULL, &p);
		assert_case(findings[i].name, p.code == 0);
		for (size_t j = 0; j < p.diags.count; j++) {
			const struct diag *d = &p.diags.list[j];

			buf_addf(&got, "%s: %s\n", d->severity == DIAG_ERROR ? "error" : "warning",
				 d->message);
			assert_case(findings[i].name, d->at.source != NULL);
		}
		assert_text(findings[i].name, buf_text(&got), findings[i].want);
	}
}

static void prefers_templates_of_the_user(void **state)
{
	static const struct {
		const char *name, *file, *text, *message;
		unsigned line;
	} cases[] = {
		{ "good", "kubernetes/cilium-values.yaml", "mine: ${POD_SUBNET}\n", NULL, 0 },
		{ "unknown name", "kubernetes/cilium-values.yaml", "a: 1\nb: ${POD_NET}\n",
		  "no variable named 'POD_NET'", 2 },
		{ "not YAML", "kubernetes/cilium-values.yaml", "a: [${POD_SUBNET}\n",
		  "not YAML once it is rendered: line 2: did not find expected ',' or ']'", 0 },
		{ "twice", "kubernetes/cilium-values.yaml", "a: 1\na: 2\n",
		  "not YAML once it is rendered: line 2: a key that is there twice", 0 },
		{ "versions", "versions", "cilium 1.18.12\n",
		  "not a line of the form COMPONENT FOR VERSION", 1 },
	};
	AUTOFREE char *mine = tmpdir_path(state, "mine");

	TEST_EACH (i, cases) {
		AUTOPLANNED p = { 0 };
		AUTOBUF struct buf text = buf_from(cases[i].text);
		AUTOFREE char *file = xasprintf("mine/%s", cases[i].file);

		assert_int_equal(
			tmpdir_shell(state, "rm -rf \"$1/mine\"; mkdir -p \"$1/mine/kubernetes\""),
			0);
		tmpdir_write(state, file, &text);
		plan_variant(state, &(struct variant){ 0 }, mine, &p);
		assert_case(cases[i].name, p.code == 0);

		if (!cases[i].message) {
			const struct plan_op *op =
				plan_find(&p.plan, "/etc/nib/cilium-values.yaml");

			assert_case(cases[i].name, p.diags.count == 0);
			assert_text(cases[i].name, buf_text(&op->content),
				    "mine: \"10.244.64.0/18\"\n");
			continue;
		}
		assert_case(cases[i].name, p.diags.errors >= 1);
		assert_text(cases[i].name, p.diags.list[0].message, cases[i].message);
		assert_case(cases[i].name, p.diags.list[0].at.line == cases[i].line);
		assert_case(cases[i].name, text_ends(p.diags.list[0].at.source->name, file));
	}
}

static void names_a_template_that_is_missing(void **state)
{
	AUTOPLANNED p = { 0 };
	AUTOFREE char *empty = tmpdir_path(state, "empty");
	struct release release = { 0 };

	plan_variant(state, &(struct variant){ 0 }, NULL, &p);
	diags_free(&p.diags);
	p.inputs.template_dirs[1] = empty;
	assert_int_equal(kubernetes_plan(&p.inputs, &release, &p.plan, &p.diags, &p.err), -ENOENT);
	assert_non_null(strstr(p.err.message, "no template 'versions' in '/tmp/nib-test-"));
}

static void tells_the_scripts_what_they_need(void **state)
{
	static const struct {
		const char *name;
		struct variant variant;
		const char *want;
	} cases[] = {
		{ "with everything",
		  { .more = "cilium: {version: 1.19.6, gatewayAPI: true}\n" },
		  "KUBERNETES_VERSION='1.34.2'\nCILIUM_VERSION='1.19.6'\n"
		  "GATEWAY_API_VERSION='1.4.1'\nFLUX_OPERATOR_VERSION='0.58.1'\n"
		  "UPLOAD_CERTS='yes'\nKUBECONFIG_USER='pi'\n" },
		{ "with the least",
		  { .cluster = "  endpoint: 192.168.5.21:6443\n",
		    .kubeadm = "1.33.4-1.1",
		    .no_certificate_key = true },
		  "KUBERNETES_VERSION='1.33.4'\nCILIUM_VERSION='1.18.12'\n"
		  "GATEWAY_API_VERSION=''\nFLUX_OPERATOR_VERSION='0.58.1'\n"
		  "UPLOAD_CERTS=''\nKUBECONFIG_USER='pi'\n" },
	};

	TEST_EACH (i, cases) {
		AUTOPLANNED p = { 0 };

		plan_variant(state, &cases[i].variant, NULL, &p);
		assert_text(cases[i].name,
			    buf_text(&plan_find(&p.plan, "/etc/nib/kubernetes.env")->content),
			    cases[i].want);
		assert_text(cases[i].name, buf_text(&plan_find(&p.plan, "/etc/nib/nodes")->content),
			    "controlplane 192.168.5.21\ncontrolplane1 dhcp\nnode0 192.168.5.31\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_role_its_own),
		cmocka_unit_test(marks_whatever_holds_a_secret),
		cmocka_unit_test(says_what_cannot_work),
		cmocka_unit_test(prefers_templates_of_the_user),
		cmocka_unit_test(names_a_template_that_is_missing),
		cmocka_unit_test(tells_the_scripts_what_they_need),
	};

	return cmocka_run_group_tests(tests, tmpdir_setup, tmpdir_teardown);
}
