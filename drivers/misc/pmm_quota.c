// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotas: how much of each type a user may have.
 *
 * A block that a program allocates is charged to an *account* of its type and
 * user until its pages are back in the pool, however long somebody else keeps
 * them.  The user is the one of the caller's real uid.  User namespaces give a
 * user more uids, so their owners pay, too: the owner of the caller's namespace,
 * of the one around that, and so on up to the initial one.  A user who pays twice
 * for the same block pays once.
 *
 * Each account has a limit: one that was set, or quota_percent of the pool as
 * large as it is at that moment.  Together, all accounts may have the pool but
 * for reserve_percent of it.  Nothing is charged to, or refused by reason of
 * quotas to, a caller with CAP_SYS_RESOURCE in the initial namespace, and neither
 * to drivers.
 *
 * An account exists while something is charged to it or its limit was set.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "pmm_core.h"

static int pmm_percent_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, 100);
}

static const struct kernel_param_ops pmm_percent_ops = {
	.set = pmm_percent_set,
	.get = param_get_uint,
};

static unsigned int quota_percent = 50;
module_param_cb(quota_percent, &pmm_percent_ops, &quota_percent, 0644);
MODULE_PARM_DESC(quota_percent, "what a user may have of a pool unless a quota is set, in percent (default: 50)");

static unsigned int reserve_percent = 12;
module_param_cb(reserve_percent, &pmm_percent_ops, &reserve_percent, 0644);
MODULE_PARM_DESC(reserve_percent, "what all users without CAP_SYS_RESOURCE together leave of a pool, in percent (default: 12)");

/**
 * struct pmm_account - what a user has of a type
 * @node: in pmm_accounts.tree, by @uid
 * @uid: the user
 * @limited: @limit was set
 * @limit: the most there may be, in pages; ULONG_MAX for any number
 * @used: pages charged
 */
struct pmm_account {
	struct rb_node node;
	kuid_t uid;
	bool limited;
	unsigned long limit;
	unsigned long used;
};

/**
 * struct pmm_charge - who pays for a block
 * @type: the block's type
 * @pages: its pages
 * @nr: how many accounts
 * @accounts: the accounts, all different; while the charge is being made, new
 *	ones with nothing but a uid
 */
struct pmm_charge {
	struct pmm_type *type;
	unsigned long pages;
	unsigned int nr;
	struct pmm_account *accounts[];
};

/* A part of the pool; it may be resized any time. */
static unsigned long pmm_quota_share(struct pmm_type *type, unsigned int percent)
{
	return mul_u64_u32_div(READ_ONCE(type->total), percent, 100);
}

/* The most that one user may have, in pages. */
static unsigned long pmm_account_limit(struct pmm_type *type,
				       const struct pmm_account *account)
{
	if (account && account->limited)
		return account->limit;
	return pmm_quota_share(type, READ_ONCE(quota_percent));
}

/* The most that all of them may have together. */
static unsigned long pmm_quota_all(struct pmm_type *type)
{
	unsigned int percent = 100 - READ_ONCE(reserve_percent);

	return pmm_quota_share(type, percent);
}

/* ---- accounts; pmm_accounts.lock is held ---- */

/* The account of @uid; if there is none, @new, which is entered, or NULL. */
static struct pmm_account *pmm_account_find(struct pmm_accounts *accounts,
					    kuid_t uid, struct pmm_account *new)
{
	struct rb_node **link = &accounts->tree.rb_node, *parent = NULL;
	struct pmm_account *account;

	lockdep_assert_held(&accounts->lock);
	while (*link) {
		parent = *link;
		account = rb_entry(parent, struct pmm_account, node);
		if (uid_eq(uid, account->uid))
			return account;
		link = uid_lt(uid, account->uid) ? &parent->rb_left :
						   &parent->rb_right;
	}
	if (new) {
		rb_link_node(&new->node, parent, link);
		rb_insert_color(&new->node, &accounts->tree);
	}
	return new;
}

static void pmm_account_drop_idle(struct pmm_accounts *accounts,
				  struct pmm_account *account)
{
	lockdep_assert_held(&accounts->lock);
	if (account->used || account->limited)
		return;
	rb_erase(&account->node, &accounts->tree);
	kfree(account);
}

static bool pmm_account_exceeds(struct pmm_type *type,
				const struct pmm_account *account,
				unsigned long pages)
{
	unsigned long limit = pmm_account_limit(type, account);

	return account->used > limit || pages > limit - account->used;
}

/* ---- charging ---- */

/* One more who pays. */
static int pmm_charge_add(struct pmm_charge *charge, kuid_t uid)
{
	struct pmm_account *account;
	unsigned int i;

	for (i = 0; i < charge->nr; i++)
		if (uid_eq(charge->accounts[i]->uid, uid))
			return 0;
	account = kzalloc(sizeof(*account), GFP_KERNEL);
	if (!account)
		return -ENOMEM;
	account->uid = uid;
	charge->accounts[charge->nr++] = account;
	return 0;
}

static void pmm_charge_discard(struct pmm_charge *charge)
{
	while (charge->nr)
		kfree(charge->accounts[--charge->nr]);
	kfree(charge);
}

/* A charge of @pages to everyone who has to pay for the caller, or NULL. */
static struct pmm_charge *pmm_charge_prepare(struct pmm_type *type,
					     unsigned long pages)
{
	struct user_namespace *ns = current_user_ns();
	struct pmm_charge *charge;
	int err;

	/* The caller, and an owner for each level but the initial one, 0. */
	charge = kzalloc(struct_size(charge, accounts, ns->level + 1),
			 GFP_KERNEL);
	if (!charge)
		return NULL;
	charge->type = type;
	charge->pages = pages;
	err = pmm_charge_add(charge, current_uid());
	for (; !err && ns->parent; ns = ns->parent)
		err = pmm_charge_add(charge, ns->owner);
	if (err) {
		pmm_charge_discard(charge);
		return NULL;
	}
	return charge;
}

/* Replace new accounts by those that exist, and enter the others. */
static void pmm_charge_enter(struct pmm_charge *charge)
{
	struct pmm_accounts *accounts = &charge->type->accounts;
	struct pmm_account *account;
	unsigned int i;

	for (i = 0; i < charge->nr; i++) {
		account = pmm_account_find(accounts, charge->accounts[i]->uid,
					   charge->accounts[i]);
		if (account == charge->accounts[i])
			continue;
		kfree(charge->accounts[i]);
		charge->accounts[i] = account;
	}
}

/* The reverse: forget the accounts that nothing is charged to. */
static void pmm_charge_leave(struct pmm_charge *charge)
{
	unsigned int i;

	for (i = 0; i < charge->nr; i++)
		pmm_account_drop_idle(&charge->type->accounts,
				      charge->accounts[i]);
	charge->nr = 0;
}

/* Of the accounts, that with the least left is what the caller hears about. */
static void pmm_charge_describe(struct pmm_charge *charge, struct pmm_why *why)
{
	unsigned long limit, left, least = ULONG_MAX;
	struct pmm_account *account;
	unsigned int i;

	for (i = 0; i < charge->nr; i++) {
		account = charge->accounts[i];
		limit = pmm_account_limit(charge->type, account);
		left = limit > account->used ? limit - account->used : 0;
		if (i && left >= least)
			continue;
		least = left;
		why->quota = limit;
		why->quota_used = account->used;
	}
}

/* All of it, or nothing. */
static int pmm_charge_commit(struct pmm_charge *charge, struct pmm_why *why)
{
	struct pmm_accounts *accounts = &charge->type->accounts;
	unsigned long all = pmm_quota_all(charge->type);
	unsigned int i;

	for (i = 0; i < charge->nr; i++) {
		if (pmm_account_exceeds(charge->type, charge->accounts[i],
					charge->pages)) {
			why->reason = PMM_REASON_QUOTA;
			return -EDQUOT;
		}
	}
	if (accounts->used > all || charge->pages > all - accounts->used) {
		why->reason = PMM_REASON_RESERVE;
		return -ENOMEM;
	}
	for (i = 0; i < charge->nr; i++)
		charge->accounts[i]->used += charge->pages;
	accounts->used += charge->pages;
	return 0;
}

/* The figures of somebody whom no quota limits. */
static void pmm_quota_describe_exempt(struct pmm_type *type, struct pmm_why *why)
{
	struct pmm_account *account;

	spin_lock(&type->accounts.lock);
	account = pmm_account_find(&type->accounts, current_uid(), NULL);
	why->quota_used = account ? account->used : 0;
	spin_unlock(&type->accounts.lock);
	why->quota = ULONG_MAX;
}

/**
 * pmm_quota_charge() - charge a block to the calling program's user
 * @type: the block's type
 * @pages: how many
 * @chargep: set to what pmm_quota_uncharge() wants; NULL if nobody has to pay
 * @why: @quota and @quota_used are filled in, and on failure @reason
 *
 * Context: May sleep.
 * Return: 0; -EDQUOT over the user's quota, or that of the owner of a namespace
 * the caller is in; -ENOMEM if all users together would leave less than the
 * pool's reserve, or without memory for bookkeeping.
 */
int pmm_quota_charge(struct pmm_type *type, unsigned long pages,
		     struct pmm_charge **chargep, struct pmm_why *why)
{
	struct pmm_charge *charge;
	int err;

	*chargep = NULL;
	/* As capable(), without a line in the audit log for everybody else. */
	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE)) {
		pmm_quota_describe_exempt(type, why);
		return 0;
	}
	charge = pmm_charge_prepare(type, pages);
	if (!charge) {
		why->reason = PMM_REASON_KERNEL;
		return -ENOMEM;
	}
	spin_lock(&type->accounts.lock);
	pmm_charge_enter(charge);
	err = pmm_charge_commit(charge, why);
	pmm_charge_describe(charge, why);
	if (err)
		pmm_charge_leave(charge);
	spin_unlock(&type->accounts.lock);
	if (err)
		pmm_charge_discard(charge);
	else
		*chargep = charge;
	return err;
}

/**
 * pmm_quota_uncharge_some() - some pages of a charge are back
 * @charge: what pmm_quota_charge() gave; gone with the last of its pages.  NULL is
 *	something that nobody pays for.
 * @pages: how many
 *
 * Context: May sleep.  Nobody else uses the charge meanwhile.
 */
void pmm_quota_uncharge_some(struct pmm_charge *charge, unsigned long pages)
{
	struct pmm_accounts *accounts;
	unsigned int i;

	if (!charge)
		return;
	accounts = &charge->type->accounts;
	spin_lock(&accounts->lock);
	for (i = 0; i < charge->nr; i++)
		charge->accounts[i]->used -= pages;
	accounts->used -= pages;
	charge->pages -= pages;
	if (!charge->pages)
		pmm_charge_leave(charge);
	spin_unlock(&accounts->lock);
	if (!charge->pages)
		pmm_charge_discard(charge);
}

/* A block's pages are back in the pool. */
void pmm_quota_uncharge(struct pmm_charge *charge)
{
	if (charge)
		pmm_quota_uncharge_some(charge, charge->pages);
}

/* ---- limits ---- */

static void pmm_quota_describe(struct pmm_type *type, kuid_t uid,
			       struct pmm_quota *arg)
{
	struct pmm_account *account;
	unsigned long limit;

	spin_lock(&type->accounts.lock);
	account = pmm_account_find(&type->accounts, uid, NULL);
	limit = pmm_account_limit(type, account);
	arg->used = account ? (u64)account->used << PAGE_SHIFT : 0;
	arg->all_used = (u64)type->accounts.used << PAGE_SHIFT;
	spin_unlock(&type->accounts.lock);
	arg->bytes = pmm_quota_bytes(limit);
	arg->all_limit = (u64)pmm_quota_all(type) << PAGE_SHIFT;
}

/* Give a user a limit in pages, or with @limited false the default one. */
static int pmm_quota_set(struct pmm_type *type, kuid_t uid, bool limited,
			 unsigned long limit)
{
	struct pmm_account *new, *account;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->uid = uid;
	spin_lock(&type->accounts.lock);
	account = pmm_account_find(&type->accounts, uid, new);
	account->limited = limited;
	account->limit = limit;
	pmm_account_drop_idle(&type->accounts, account);
	spin_unlock(&type->accounts.lock);
	if (account != new)
		kfree(new);
	return 0;
}

/* Who is asked about, if the caller may ask that. */
static int pmm_quota_uid(const struct pmm_quota *arg, kuid_t *uid)
{
	*uid = current_uid();
	if (arg->uid != PMM_QUOTA_SELF)
		*uid = make_kuid(current_user_ns(), arg->uid);
	if (!uid_valid(*uid))
		return -EINVAL;
	if (arg->flags == PMM_QUOTA_GET && uid_eq(*uid, current_uid()))
		return 0;
	return capable(CAP_SYS_RESOURCE) ? 0 : -EPERM;
}

static int pmm_quota_check(const struct pmm_quota *arg)
{
	if (arg->reserved ||
	    strnlen(arg->type, sizeof(arg->type)) == sizeof(arg->type))
		return -EINVAL;
	switch (arg->flags) {
	case PMM_QUOTA_SET:
		return 0;
	case PMM_QUOTA_GET:
	case PMM_QUOTA_RESET:
		return arg->bytes ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/**
 * pmm_ioc_quota() - PMM_IOC_QUOTA
 * @uarg: the caller's struct pmm_quota
 *
 * Return: 0 or a negative errno.
 */
long pmm_ioc_quota(void __user *uarg)
{
	struct pmm_quota arg;
	struct pmm_type *type;
	kuid_t uid;
	long usize = pmm_copy_in(&arg, sizeof(arg), uarg);
	int err;

	if (usize < 0)
		return usize;
	err = pmm_quota_check(&arg);
	if (!err)
		err = pmm_quota_uid(&arg, &uid);
	if (err)
		return err;
	type = pmm_type_find(arg.type);
	if (!type)
		return -ENOENT;
	if (arg.flags != PMM_QUOTA_GET)
		err = pmm_quota_set(type, uid, arg.flags == PMM_QUOTA_SET,
				    pmm_quota_pages(arg.bytes));
	pmm_quota_describe(type, uid, &arg);
	pmm_type_put(type);
	if (err)
		return err;
	return pmm_copy_out(uarg, &arg, sizeof(arg), usize);
}

/* ---- a type's accounts ---- */

/* A new type. */
void pmm_accounts_init(struct pmm_accounts *accounts)
{
	spin_lock_init(&accounts->lock);
	accounts->tree = RB_ROOT;
	accounts->used = 0;
}

/* A type without blocks goes, and with it the limits that were set. */
void pmm_accounts_destroy(struct pmm_accounts *accounts)
{
	struct pmm_account *account, *next;

	rbtree_postorder_for_each_entry_safe(account, next, &accounts->tree,
					     node) {
		WARN_ON_ONCE(account->used);
		kfree(account);
	}
}

/* A copy of the first account behind that of @after, or of the first of all. */
static bool pmm_account_after(struct pmm_accounts *accounts, kuid_t after,
			      struct pmm_account *copy)
{
	struct pmm_account *account, *found = NULL;
	struct rb_node *node;

	spin_lock(&accounts->lock);
	node = accounts->tree.rb_node;
	while (node) {
		account = rb_entry(node, struct pmm_account, node);
		if (!uid_valid(after) || uid_gt(account->uid, after)) {
			found = account;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (found)
		*copy = *found;
	spin_unlock(&accounts->lock);
	return found;
}

/* A type's lines of the debugfs file "quotas". */
void pmm_accounts_show(struct seq_file *m, struct pmm_type *type)
{
	struct pmm_account account = { .uid = INVALID_UID };

	while (pmm_account_after(&type->accounts, account.uid, &account))
		seq_printf(m, "%s %u %llu %llu %s\n", type->name,
			   from_kuid_munged(seq_user_ns(m), account.uid),
			   (u64)account.used << PAGE_SHIFT,
			   pmm_quota_bytes(pmm_account_limit(type, &account)),
			   account.limited ? "set" : "default");
}
