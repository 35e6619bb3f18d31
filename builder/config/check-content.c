/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/check.h"
#include "util/text.h"

static void check_user(const struct node *node, size_t index, struct diags *diags)
{
	const struct user *user = &node->users[index];
	const char *name = user->name.value ? user->name.value : "";

	for (size_t i = 0; *name && i < index; i++) {
		const char *other = node->users[i].name.value;

		if (!other || strcmp(other, name) != 0)
			continue;
		diag_error(diags, &user->name.at, "two users are named '%s'", name);
		break;
	}

	if (user->password_file.at.source && user->password_hash.at.source)
		diag_error(diags, &user->at,
			   "'passwordFile' and 'passwordHash' exclude each other");
	else if (!user->password_file.at.source && !user->password_hash.at.source &&
		 !user->ssh_keys.count && !user->ssh_keys.at.source && !diags->errors) {
		diag_warning(diags, &user->at, "user '%s' cannot log in", name);
		diag_help(diags, "add 'sshKeys', 'passwordFile' or 'passwordHash'");
	}
}

static bool is_normalised(const char *path)
{
	if (path[1] == '\0')
		return true;

	for (const char *part = path; *part;) {
		size_t len = strcspn(++part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += len;
	}

	return true;
}

static bool check_path(const struct file_spec *file, struct diags *diags)
{
	const struct text *path = &file->path;

	if (!path->value) {
		if (!path->at.source)
			diag_error(diags, &file->at, "'path' is missing");
		return false;
	}

	if (!is_normalised(path->value)) {
		diag_error(diags, &path->at, "'%s' is not a plain path", path->value);
		diag_help(diags, "without '.', '..', '//' and '/' at the end");
		return false;
	}

	if (!file->archive.value && path->value[1] == '\0') {
		diag_error(diags, &path->at, "'/' is a directory");
		return false;
	}

	return true;
}

static void check_origin(const struct file_spec *file, struct diags *diags)
{
	const struct text *const origins[] = { &file->content, &file->source, &file->archive };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		count += origins[i]->at.source != NULL;

	if (count == 0) {
		diag_error(diags, &file->at, "the file has no content");
		diag_help(diags, "add 'content', 'source' or 'archive'");
	} else if (count > 1) {
		diag_error(diags, &file->at,
			   "'content', 'source' and 'archive' exclude each other");
	}
}

static void check_archive(const struct file_spec *file, struct diags *diags)
{
	const struct text *const given[] = { &file->mode, &file->owner, &file->group };
	static const char *const names[] = { "mode", "owner", "group" };

	for (size_t i = 0; file->archive.value && i < sizeof(given) / sizeof(given[0]); i++) {
		if (!given[i]->at.source)
			continue;
		diag_error(diags, &given[i]->at, "'%s' has no meaning for an archive", names[i]);
		diag_help(diags, "the archive says it for each file");
	}
}

/* The boot partition is FAT: everybody can read it, on the node and in any card reader. */
static void check_secret(const struct file_spec *file, struct diags *diags)
{
	const char *mode = file->mode.value, *path = file->path.value;

	if (!file->secret.value)
		return;

	if (path && (strcmp(path, "/boot") == 0 || text_starts(path, "/boot/"))) {
		diag_error(diags, &file->path.at, "a secret must not be on the boot partition");
		diag_help(diags, "it is a FAT file system: everybody can read it");
	}

	if (mode && mode[strlen(mode) - 1] != '0') {
		diag_error(diags, &file->mode.at, "mode '%s' lets everybody at a secret", mode);
		diag_help(diags, "use '0600', or '0640' with a 'group'");
	}
}

static void check_file(const struct node *node, size_t index, struct diags *diags)
{
	const struct file_spec *file = &node->files[index];

	check_origin(file, diags);
	check_archive(file, diags);
	check_secret(file, diags);
	if (!check_path(file, diags) || file->archive.value)
		return;

	for (size_t i = 0; i < index; i++) {
		const struct file_spec *other = &node->files[i];

		if (!other->path.value || other->archive.value ||
		    strcmp(other->path.value, file->path.value) != 0)
			continue;
		diag_error(diags, &file->path.at, "'%s' is given twice", file->path.value);
		diag_help(diags, "the other one is in line %u", other->path.at.line);
		return;
	}
}

void check_content(const struct node *node, struct diags *diags)
{
	for (size_t i = 0; i < node->n_users; i++)
		check_user(node, i, diags);
	for (size_t i = 0; i < node->n_files; i++)
		check_file(node, i, diags);
}
