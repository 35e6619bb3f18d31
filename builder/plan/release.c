/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/release.h"

#include <errno.h>
#include <string.h>

#include "plan/configtxt.h"
#include "plan/fstab.h"
#include "plan/imagetext.h"
#include "plan/shellvars.h"
#include "util/alloc.h"
#include "util/text.h"

/* A full desktop has 2 MB. */
enum { MAX_DPKG_STATUS = 32 << 20 };

/* clang-format off */
static const struct {
	const char *codename;
	enum release_id id;
} releases[] = {
	{ "bookworm", RELEASE_BOOKWORM },
	{ "trixie",   RELEASE_TRIXIE },
};
/* clang-format on */

static char *or_empty(char *text)
{
	if (!text)
		return xstrdup("");

	text_make_printable(text);
	return text;
}

static int detect_os(struct backend *b, struct release *release, struct error *err)
{
	AUTOIMAGETEXT struct imagetext text = { 0 };

	int r = imagetext_read(b, "/etc/os-release", IMAGETEXT_MAX, &text, err);
	if (r < 0)
		return r;

	const char *vars = buf_text(&text.text);
	release->codename = or_empty(shellvars_get(vars, "VERSION_CODENAME"));
	release->pretty_name = or_empty(shellvars_get(vars, "PRETTY_NAME"));
	return 0;
}

/* "Raspberry Pi reference 2026-06-18" */
static int detect_date(struct backend *b, struct release *release, bool *found, struct error *err)
{
	static const char prefix[] = "Raspberry Pi reference ";
	AUTOIMAGETEXT struct imagetext text = { 0 };

	release->image_date = xstrdup("");
	int r = imagetext_read(b, "/etc/rpi-issue", IMAGETEXT_MAX, &text, err);
	if (r < 0)
		return r;

	*found = text.found;
	const char *start = strstr(buf_text(&text.text), prefix);
	if (start) {
		start += strlen(prefix);
		free(release->image_date);
		release->image_date = xstrndup(start, strspn(start, "0123456789-"));
	}
	return 0;
}

/** A package in dpkg's status, while it is being read. */
struct package {
	struct line name, status, version, architecture;
};

static void read_field(const struct line *line, const char *field, struct line *ret)
{
	size_t len = strlen(field);

	if (line->len > len && memcmp(line->start, field, len) == 0)
		*ret = (struct line){ .start = line->start + len, .len = line->len - len };
}

static void take(const struct line *value, char **ret)
{
	free(*ret);
	*ret = xstrndup(value->start, value->len);
	text_make_printable(*ret);
}

static void end_package(struct package *package, struct release *release)
{
	if (package->name.start && line_is(&package->status, "install ok installed")) {
		if (line_is(&package->name, "kubeadm"))
			take(&package->version, &release->kubeadm_version);
		else if (line_is(&package->name, "cri-o"))
			take(&package->version, &release->crio_version);
		/* Packages of other architectures may be there too, but not this one. */
		else if (line_is(&package->name, "systemd"))
			take(&package->architecture, &release->architecture);
	}

	*package = (struct package){ .status = { .start = "" },
				     .version = { .start = "" },
				     .architecture = { .start = "" } };
}

static int detect_packages(struct backend *b, struct release *release, struct error *err)
{
	AUTOIMAGETEXT struct imagetext text = { 0 };
	struct package package = { 0 };
	struct line line;

	release->kubeadm_version = xstrdup("");
	release->crio_version = xstrdup("");
	release->architecture = xstrdup("");

	int r = imagetext_read(b, "/var/lib/dpkg/status", MAX_DPKG_STATUS, &text, err);
	if (r < 0)
		return r;

	end_package(&package, release);
	for (const char *pos = buf_text(&text.text); text_next_line(&pos, &line);) {
		read_field(&line, "Package: ", &package.name);
		read_field(&line, "Status: ", &package.status);
		read_field(&line, "Version: ", &package.version);
		read_field(&line, "Architecture: ", &package.architecture);
		if (!line.len)
			end_package(&package, release);
	}
	end_package(&package, release);
	return 0;
}

static int detect_kernels(struct backend *b, struct release *release, struct error *err)
{
	static const char path[] = "/usr/lib/modules";
	bool exists;

	int r = backend_exists(b, path, &exists, err);
	if (r < 0 || !exists)
		return r;

	r = b->ops->list(b, path, &release->kernels, err);
	for (size_t i = 0; r == 0 && i < release->kernels.count; i++)
		text_make_printable(release->kernels.list[i]);
	return r;
}

static int detect_boot_path(struct backend *b, struct release *release, struct error *err)
{
	AUTOIMAGETEXT struct imagetext fstab = { 0 };
	struct fstab_entry entry;

	release->boot_path = xstrdup("");
	int r = imagetext_read(b, "/etc/fstab", IMAGETEXT_MAX, &fstab, err);
	if (r < 0)
		return r;

	if (fstab_find_boot(buf_text(&fstab.text), &entry))
		take(&entry.mount, &release->boot_path);
	return 0;
}

static int detect(struct backend *b, struct release *release, struct error *err)
{
	bool raspberry = false;

	int r = detect_os(b, release, err);
	if (r == 0)
		r = detect_date(b, release, &raspberry, err);
	if (r == 0)
		r = detect_packages(b, release, err);
	if (r == 0)
		r = detect_kernels(b, release, err);
	if (r == 0)
		r = detect_boot_path(b, release, err);
	if (r < 0)
		return r;

	for (size_t i = 0; raspberry && i < ARRAY_SIZE(releases); i++)
		if (strcmp(release->codename, releases[i].codename) == 0)
			release->id = releases[i].id;
	return 0;
}

int release_detect(struct backend *b, struct release *ret, struct error *err)
{
	AUTORELEASE struct release release = { 0 };

	int r = detect(b, &release, err);
	if (r < 0)
		return error_prefix(err, "look for the operating system");

	*ret = release;
	release = (struct release){ 0 };
	return 0;
}

void release_free(struct release *release)
{
	free(release->codename);
	free(release->pretty_name);
	free(release->architecture);
	free(release->image_date);
	free(release->kubeadm_version);
	free(release->crio_version);
	free(release->boot_path);
	file_names_free(&release->kernels);
	*release = (struct release){ 0 };
}

static int need_file(struct backend *b, const char *boot_path, const char *name,
		     struct file_names *missing, struct error *err)
{
	if (!name || !*name)
		return 0;

	AUTOFREE char *path = xasprintf("%s/%s", boot_path, name);
	bool exists;

	int r = backend_exists(b, path, &exists, err);
	if (r == 0 && !exists)
		*ARRAY_ADD(missing->list, missing->count) = TAKE(path);
	return r;
}

/*
 * With auto_initramfs=1 the firmware starts without an initramfs if there is none, and
 * Raspberry Pi OS then never resizes itself.  It is the one that belongs to the kernel:
 * kernel8.img has initramfs8, and a kernel named otherwise has none.
 */
static int need_initramfs(struct backend *b, const char *boot_path, const struct board *board,
			  const char *config, const char *kernel, struct file_names *missing,
			  struct error *err)
{
	AUTOFREE char *automatic = configtxt_get(config, board->filters, "auto_initramfs");

	if (!automatic || strcmp(automatic, "1") != 0)
		return 0;
	if (!kernel)
		return need_file(b, boot_path, board->initramfs, missing, err);
	if (!text_starts(kernel, "kernel") || !text_ends(kernel, ".img"))
		return 0;

	AUTOFREE char *name =
		xasprintf("initramfs%.*s", (int)(strlen(kernel) - strlen("kernel.img")),
			  kernel + strlen("kernel"));
	return need_file(b, boot_path, name, missing, err);
}

/* config.txt may name another kernel than the board's own. */
static int need_kernel(struct backend *b, const char *boot_path, const struct board *board,
		       struct file_names *missing, struct error *err)
{
	AUTOFREE char *path = xasprintf("%s/config.txt", boot_path);
	AUTOIMAGETEXT struct imagetext config = { 0 };

	int r = imagetext_read(b, path, IMAGETEXT_MAX, &config, err);
	if (r < 0)
		return r;

	AUTOFREE char *kernel = configtxt_get(buf_text(&config.text), board->filters, "kernel");

	r = need_file(b, boot_path, kernel ? kernel : board->kernel, missing, err);
	if (r < 0)
		return r;
	return need_initramfs(b, boot_path, board, buf_text(&config.text), kernel, missing, err);
}

int release_missing_for_board(struct backend *b, const char *boot_path, const struct board *board,
			      struct file_names *ret, struct error *err)
{
	AUTONAMES struct file_names missing = { 0 };
	int r = 0;

	for (size_t i = 0; board->firmware && board->firmware[i] && r == 0; i++)
		r = need_file(b, boot_path, board->firmware[i], &missing, err);
	if (r == 0)
		r = need_kernel(b, boot_path, board, &missing, err);
	if (r == 0 && board->device_trees)
		r = need_file(b, boot_path, board->device_trees[0], &missing, err);
	if (r < 0)
		return error_prefix(err, "look for the files that %s starts from", board->name);

	*ret = missing;
	missing = (struct file_names){ 0 };
	return 0;
}
