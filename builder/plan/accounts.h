/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The accounts of a system, in the six files that have to agree: passwd(5),
 * group(5), shadow(5), gshadow(5), subuid(5), subgid(5).
 *
 * All edits are idempotent and change only the lines they are about.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/colonfile.h"

/** The files. */
enum accounts_file {
	ACCOUNTS_PASSWD,
	ACCOUNTS_GROUP,
	ACCOUNTS_SHADOW,
	ACCOUNTS_GSHADOW,
	ACCOUNTS_SUBUID,
	ACCOUNTS_SUBGID,
	ACCOUNTS_N_FILES,
};

/** All accounts.  Initialise with accounts_init(). */
struct accounts {
	struct colonfile files[ACCOUNTS_N_FILES];
};

/** What is known of one user. */
struct account {
	uid_t uid;
	gid_t gid;
	/** Home directory and login shell; owned. */
	char *home, *shell;
};

/** Uids of people, as adduser gives them out. */
#define ACCOUNTS_UID_MIN 1000
#define ACCOUNTS_UID_MAX 59999

/** Empty files; their contents are added with colonfile_parse(). */
void accounts_init(struct accounts *accounts);

/** Look a user up; *found tells whether there is one. */
int accounts_find(const struct accounts *accounts, const char *name, struct account *ret,
		  bool *found, struct error *err);

/** Release what accounts_find() found. */
void account_free(struct account *account);
#define AUTOACCOUNT CLEANUP(account_free)

/** May the name be given to a user: short, lower case, nothing that a file or sudo treats
 * specially? */
bool accounts_name_is_valid(const char *name);

/**
 * Add a user with the next free uid, a group of the same name and number, a
 * locked password and a range of subordinate ids.
 *
 * The home directory is /home/NAME.
 *
 * @return -EEXIST if there is a group of that name already
 */
int accounts_create(struct accounts *accounts, const char *name, const char *shell,
		    struct error *err);

/** Give a user another login shell. */
int accounts_set_shell(struct accounts *accounts, const char *name, const char *shell,
		       struct error *err);

/**
 * Give a user a password.
 *
 * A day of last change that would make login ask for a new one is replaced by
 * root's.
 *
 * @param hash  as in crypt(5); NULL for a password that nothing matches
 */
int accounts_set_password(struct accounts *accounts, const char *name, const char *hash,
			  struct error *err);

/** Has a user a password to log in with, in the sense of shadow(5)? */
int accounts_has_password(const struct accounts *accounts, const char *name, bool *ret,
			  struct error *err);

/** Make a user a member of a group; nothing happens if there is no such group. */
int accounts_join(struct accounts *accounts, const char *name, const char *group,
		  struct error *err);

/** End a membership. */
int accounts_leave(struct accounts *accounts, const char *name, const char *group,
		   struct error *err);

/** The uid of a user given by name or number; *found tells whether there is one. */
int accounts_uid(const struct accounts *accounts, const char *user, uid_t *ret, bool *found,
		 struct error *err);

/** See accounts_uid(), for groups. */
int accounts_gid(const struct accounts *accounts, const char *group, gid_t *ret, bool *found,
		 struct error *err);

/** Wipe and release everything. */
void accounts_free(struct accounts *accounts);
#define AUTOACCOUNTS CLEANUP(accounts_free)
