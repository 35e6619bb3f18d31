/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates are made at run time by openssl(1), which then also computes their hashes. */
#include "secrets/bundle.h"

#include "tmpdir.h"
#include "util/text.h"

static const char make_cas[] =
	"cd \"$1\"\n"
	"make() { name=$1; shift; openssl req -x509 -new -nodes -subj /CN=kubernetes"
	" -out $name.crt -keyout $name.key -days 3650 \"$@\" 2>/dev/null; }\n"
	"make ec -newkey ec -pkeyopt ec_paramgen_curve:P-256\n"
	"make rsa -newkey rsa:2048\n"
	"make ed -newkey ed25519\n"
	"make leaf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -addext basicConstraints=CA:FALSE\n"
	"openssl ec -in ec.key -out sec1.key 2>/dev/null; cp ec.crt sec1.crt\n"
	"openssl pkcs8 -topk8 -in ec.key -passout pass:x -out locked.key; cp ec.crt locked.crt\n"
	"cp ec.crt mixed.crt; cp rsa.key mixed.key\n"
	"openssl req -new -key ec.key -subj /CN=kubernetes -out old.csr\n"
	"openssl x509 -req -in old.csr -signkey ec.key -days -1 -out old.crt"
	" -extfile /dev/stdin <<EOF 2>/dev/null\n"
	"basicConstraints=CA:TRUE\n"
	"EOF\n"
	"cp ec.key old.key; rm old.csr\n"
	"echo text >text.crt; cp ec.key text.key\n"
	"for name in *.crt; do\n"
	"  base=${name%.crt}\n"
	"  base64 -w0 $name >$base.crt64; base64 -w0 $base.key >$base.key64\n"
	"done\n";

#define TOKEN "secrets: {bootstraptoken: abcdef.0123456789abcdef}\n"

static int setup(void **state)
{
	if (tmpdir_setup(state) < 0)
		return -1;
	return tmpdir_shell(state, make_cas);
}

/* What a bundle with this CA looks like; NULL leaves a half out. */
static struct buf with_ca(void **state, const char *crt, const char *key)
{
	struct buf text = buf_from(TOKEN "certs:\n  k8s:\n");

	if (crt) {
		AUTOFREE char *name = xasprintf("%s.crt64", crt);
		AUTOBUF struct buf base64 = tmpdir_read(state, name);
		buf_addf(&text, "    crt: %s\n", buf_text(&base64));
	}
	if (key) {
		AUTOFREE char *name = xasprintf("%s.key64", key);
		AUTOBUF struct buf base64 = tmpdir_read(state, name);
		buf_addf(&text, "    key: %s\n", buf_text(&base64));
	}
	return text;
}

static void hashes_as_kubeadm_does(void **state)
{
	static const char *const names[] = { "ec", "rsa", "sec1" };

	TEST_EACH (i, names) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };
		AUTOBUF struct buf text = with_ca(state, names[i], names[i]);
		AUTOFREE char *command =
			xasprintf("openssl x509 -pubkey -noout -in \"$1/%s.crt\" |"
				  " openssl pkey -pubin -outform der | openssl dgst -sha256 -hex |"
				  " sed 's/.*= /sha256:/' >\"$1/hash\"",
				  names[i]);
		unsigned line, column;

		if (bundle_parse(&text, &bundle, &line, &column, &err) < 0)
			fail_msg("%s: %s", names[i], err.message);
		assert_int_equal(tmpdir_shell(state, command), 0);

		AUTOBUF struct buf hash = tmpdir_read(state, "hash");
		hash.data[hash.len - 1] = '\0';
		assert_text(names[i], bundle.ca_hash, buf_text(&hash));
		assert_true(text_starts(buf_text(&bundle.ca_crt), "-----BEGIN CERTIFICATE-----"));
		assert_non_null(strstr(buf_text(&bundle.ca_key), "PRIVATE KEY-----"));
	}
}

static void refuses_wrong_authorities(void **state)
{
	static const struct {
		const char *crt, *key, *message;
	} cases[] = {
		{ "ec", NULL, "certs.k8s needs both, crt and key" },
		{ NULL, "ec", "certs.k8s needs both, crt and key" },
		{ "mixed", "mixed", "certs.k8s: crt and key do not belong together" },
		{ "ed", "ed", "certs.k8s: kubeadm takes only RSA and ECDSA keys" },
		{ "leaf", "leaf", "certs.k8s: the certificate is not one of an authority" },
		{ "old", "old", "certs.k8s: the certificate has expired" },
		{ "text", "text", "certs.k8s: crt is not a certificate in PEM format" },
		{ "locked", "locked",
		  "certs.k8s: key is not a private key in PEM format without a passphrase" },
	};

	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };
		unsigned line, column;

		AUTOBUF struct buf text = with_ca(state, cases[i].crt, cases[i].key);
		assert_int_equal(bundle_parse(&text, &bundle, &line, &column, &err), -EINVAL);
		assert_text(cases[i].message, err.message, cases[i].message);
		assert_int_equal(line, 4);
		assert_int_equal(column, 10);
		assert_null(bundle.token);
	}
}

#define KEY64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define BAD_TOKEN "not a bootstrap token: 6 and 16 of a-z and 0-9 with a dot between"
#define BAD_KEY "not a certificate key: 64 hex digits (kubeadm certs certificate-key)"

/* clang-format off */
static const struct {
	const char *name, *text;
	unsigned line, column;
	const char *message;
} cases[] = {
	{ "only a token", TOKEN },
	{ "as talosctl writes it",
	  "cluster:\n    id: 0raF93qnkMvF\n    secret: MTIz\nsecrets:\n"
	  "    bootstraptoken: \"abcdef.0123456789abcdef\"\n    secretboxencryptionsecret: MTIz\n"
	  "trustdinfo:\n    token: abcdef.0123456789abcdef\ncerts:\n    etcd:\n        crt: MTIz\n"
	  "        key: MTIz\n    k8sserviceaccount:\n        key: MTIz\n" },
	{ "certificate key", TOKEN "nib: {certificatekey: " KEY64 "}\n" },
	{ "empty sections", TOKEN "nib:\ncerts:\n" },
	{ "more of nib's", TOKEN "nib: {later: {a: [b, c]}}\n" },
	{ "anchors", "a: &t abcdef.0123456789abcdef\nsecrets: {bootstraptoken: *t}\n" },
	{ "empty", "", 0, 0, "not a bundle of secrets" },
	{ "a list", "- a\n", 0, 0, "not a bundle of secrets" },
	{ "no token", "cluster: {id: x}\n", 0, 0, "no secrets.bootstraptoken: nodes cannot join without one" },
	{ "empty token", "secrets: {bootstraptoken: \"\"}\n", 0, 0, "no secrets.bootstraptoken: nodes cannot join without one" },
	{ "short", "secrets: {bootstraptoken: abcdef.0123456789abcde}\n", 1, 27, BAD_TOKEN },
	{ "long", "secrets: {bootstraptoken: abcdef.0123456789abcdef0}\n", 1, 27, BAD_TOKEN },
	{ "capitals", "secrets: {bootstraptoken: ABCDEF.0123456789abcdef}\n", 1, 27, BAD_TOKEN },
	{ "no dot", "secrets: {bootstraptoken: abcdef00123456789abcdef}\n", 1, 27, BAD_TOKEN },
	{ "quoted 0 byte", "secrets: {bootstraptoken: \"abcdef.0123456789abcd\\0f\"}\n", 1, 27, BAD_TOKEN },
	{ "list for a token", "secrets:\n  bootstraptoken: [a]\n", 2, 19, "not a string" },
	{ "text for a section", "secrets: abc\n", 1, 10, "not a mapping" },
	{ "twice", TOKEN "x: 1\n" TOKEN, 3, 1, "a key that is there twice" },
	{ "short certificate key", TOKEN "nib: {certificatekey: 0123}\n", 2, 23, BAD_KEY },
	{ "no hex", TOKEN "nib:\n  certificatekey: zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", 3, 19, BAD_KEY },
	{ "not base64", TOKEN "certs: {k8s: {crt: \"a b\", key: MTIz}}\n", 2, 20, "not base64" },
	{ "not YAML", TOKEN "a: [b\n", 3, 1, "not YAML: did not find expected ',' or ']'" },
	{ "unknown alias", "a: *b\n", 1, 4, "not YAML: found undefined alias" },
	{ "sops", TOKEN "sops: {age: []}\n", 0, 0, "encrypted by sops: its name has to end in .sops.yaml" },
	{ "age", "age-encryption.org/v1\n-> X25519 abc\n", 0, 0, "encrypted by age: its name has to end in .age" },
};
/* clang-format on */

static void parses(void **state)
{
	(void)state;
	TEST_EACH (i, cases) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };
		AUTOBUF struct buf text = buf_from(cases[i].text);
		unsigned line = 99, column = 99;
		int r = bundle_parse(&text, &bundle, &line, &column, &err);

		if (!cases[i].message) {
			assert_text(cases[i].name, r < 0 ? err.message : "ok", "ok");
			assert_text(cases[i].name, bundle.token, "abcdef.0123456789abcdef");
			continue;
		}
		assert_case(cases[i].name, r == -EINVAL);
		assert_text(cases[i].name, err.message, cases[i].message);
		if (line != cases[i].line || column != cases[i].column)
			fail_msg("%s: at %u:%u", cases[i].name, line, column);
	}
}

static void derives_one_seed_per_bundle(void **state)
{
	static const char *const texts[] = {
		TOKEN,
		TOKEN "nib: {certificatekey: " KEY64 "}\n",
		"secrets: {bootstraptoken: abcdef.0123456789abcdeg}\n",
	};
	uint8_t seeds[3][32], again[32];

	(void)state;
	TEST_EACH (i, texts) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };
		AUTOBUF struct buf text = buf_from(texts[i]);
		unsigned line, column;

		assert_int_equal(bundle_parse(&text, &bundle, &line, &column, &err), 0);
		memcpy(seeds[i], bundle.seed, 32);
		bundle_free(&bundle);
		assert_int_equal(bundle_parse(&text, &bundle, &line, &column, &err), 0);
		memcpy(again, bundle.seed, 32);
		assert_memory_equal(seeds[i], again, 32);
	}
	assert_memory_not_equal(seeds[0], seeds[1], 32);
	assert_memory_not_equal(seeds[0], seeds[2], 32);
}

static void refuses_huge_bundles(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUNDLE struct bundle bundle = { 0 };
	AUTOBUF struct buf text = buf_from(TOKEN);
	unsigned line, column;

	(void)state;
	memset(buf_reserve(&text, 1 << 20), '\n', 1 << 20);
	text.len += 1 << 20;
	assert_int_equal(bundle_parse(&text, &bundle, &line, &column, &err), -EFBIG);
}

static int load(void **state, const char *name, const char *identity, struct bundle *ret,
		struct error *err)
{
	AUTOFREE char *path = tmpdir_path(state, name);
	AUTOFREE char *key = identity ? tmpdir_path(state, identity) : NULL;
	unsigned line, column;

	return bundle_load(path, key, ret, &line, &column, err);
}

static void wants_plain_files_to_be_private(void **state)
{
	static const struct {
		const char *mode;
		int want;
	} modes[] = { { "600", 0 }, { "400", 0 }, { "640", -EPERM }, { "604", -EPERM } };
	AUTOBUF struct buf text = buf_from(TOKEN);

	tmpdir_write(state, "secrets.yaml", &text);
	TEST_EACH (i, modes) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };
		AUTOFREE char *chmod = xasprintf("chmod %s \"$1/secrets.yaml\"", modes[i].mode);

		assert_int_equal(tmpdir_shell(state, chmod), 0);
		assert_int_equal(load(state, "secrets.yaml", NULL, &bundle, &err), modes[i].want);
		assert_case(modes[i].mode, (bundle.token != NULL) == (modes[i].want == 0));
		if (modes[i].want)
			assert_non_null(strstr(err.message, "chmod 600"));
	}

	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUNDLE struct bundle bundle = { 0 };
	assert_int_equal(load(state, "missing.yaml", NULL, &bundle, &err), -ENOENT);
}

/* Stand-ins that check how they are called: what really decrypts need not be installed. */
static const char make_programs[] =
	"mkdir -p \"$1/bin\"; cd \"$1/bin\"\n"
	"cat >sops <<'EOF'\n"
	"#!/bin/sh\n"
	"[ \"$*\" = \"--decrypt --input-type yaml --output-type yaml $DIR/a.sops.yaml\" ] || exit "
	"3\n"
	"[ \"$SOPS_AGE_KEY_FILE\" = \"$DIR/keys.txt\" ] || exit 4\n"
	"[ -z \"$NIB_TEST_OTHER\" ] || exit 5\n"
	"echo 'secrets: {bootstraptoken: abcdef.0123456789abcdef}'\n"
	"EOF\n"
	"sed \"s,\\$DIR,$1,g\" sops >s; mv s sops\n"
	"cat >age <<'EOF'\n"
	"#!/bin/sh\n"
	"[ \"$*\" = \"--decrypt --identity $DIR/keys.txt $DIR/a.age\" ] ||"
	" { echo 'age: error: no identity matched' >&2; exit 1; }\n"
	"echo 'secrets: {bootstraptoken: abcdef.0123456789abcdef}'\n"
	"EOF\n"
	"sed \"s,\\$DIR,$1,g\" age >s; mv s age\n"
	"chmod 755 sops age\n"
	"touch ../a.sops.yaml ../a.age ../b.age ../keys.txt\n";

static void decrypts_with_programs(void **state)
{
	AUTOFREE char *old = xstrdup(getenv("PATH"));
	AUTOFREE char *path = xasprintf("%s/bin:%s", (const char *)*state, old);

	assert_int_equal(tmpdir_shell(state, make_programs), 0);
	setenv("PATH", path, 1);
	setenv("NIB_TEST_OTHER", "must not be passed on", 1);

	static const char *const names[] = { "a.sops.yaml", "a.age" };
	TEST_EACH (i, names) {
		AUTOERROR struct error err = ERROR_NONE;
		AUTOBUNDLE struct bundle bundle = { 0 };

		if (load(state, names[i], "keys.txt", &bundle, &err) < 0)
			fail_msg("%s: %s", names[i], err.message);
		assert_string_equal(bundle.token, "abcdef.0123456789abcdef");
	}

	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUNDLE struct bundle bundle = { 0 };
	assert_int_equal(load(state, "b.age", "keys.txt", &bundle, &err), -EIO);
	assert_non_null(strstr(err.message, "no identity matched"));

	/* A key where its file belongs is not on a command line, and in no message. */
	AUTOERROR struct error inline_err = ERROR_NONE;
	assert_int_equal(load(state, "a.age", "AGE-SECRET-KEY-1X", &bundle, &inline_err), -ENOENT);
	assert_non_null(strstr(inline_err.message, "open the age identity: No such file"));
	assert_null(strstr(inline_err.message, "1X"));

	setenv("PATH", old, 1);
	unsetenv("NIB_TEST_OTHER");
}

static void says_what_is_not_installed(void **state)
{
	AUTOERROR struct error err = ERROR_NONE, second = ERROR_NONE, third = ERROR_NONE;
	AUTOFREE char *old = xstrdup(getenv("PATH"));
	AUTOBUNDLE struct bundle bundle = { 0 };

	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(load(state, "x.sops.yaml", NULL, &bundle, &err), -ENOENT);
	assert_non_null(strstr(err.message, "program 'sops' is not installed; see https://"));
	assert_int_equal(load(state, "x.age", "keys.txt", &bundle, &second), -ENOENT);
	assert_non_null(strstr(second.message, "program 'age' is not installed; install"));

	unsetenv("SOPS_AGE_KEY_FILE");
	assert_int_equal(load(state, "x.age", NULL, &bundle, &third), -EINVAL);
	assert_non_null(strstr(third.message, "no age identity: set age.identity"));
	setenv("PATH", old, 1);
}

static void decrypts_with_the_real_age(void **state)
{
	AUTOERROR struct error err = ERROR_NONE;
	AUTOBUNDLE struct bundle bundle = { 0 };

	if (!tmpdir_has(state, "age"))
		skip();

	assert_int_equal(tmpdir_shell(state,
				      "cd \"$1\"; age-keygen -o real.txt 2>/dev/null\n"
				      "echo 'secrets: {bootstraptoken: abcdef.0123456789abcdef}' | "
				      "age -r \"$(age-keygen -y real.txt)\" >real.age"),
			 0);
	if (load(state, "real.age", "real.txt", &bundle, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(bundle.token, "abcdef.0123456789abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_kubeadm_does),
		cmocka_unit_test(refuses_wrong_authorities),
		cmocka_unit_test(parses),
		cmocka_unit_test(derives_one_seed_per_bundle),
		cmocka_unit_test(refuses_huge_bundles),
		cmocka_unit_test(wants_plain_files_to_be_private),
		cmocka_unit_test(decrypts_with_programs),
		cmocka_unit_test(says_what_is_not_installed),
		cmocka_unit_test(decrypts_with_the_real_age),
	};

	return cmocka_run_group_tests(tests, setup, tmpdir_teardown);
}
