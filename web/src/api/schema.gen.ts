// Made by scripts/api-types.mjs from the OpenAPI document of the server. Do not edit.

export interface paths {
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys, newest first, revoked ones too
         * @description Needs the permission `api-keys:read`.
         */
        get: operations["get_api_keys"];
        put?: never;
        /**
         * Create an API key; the answer is the only one that has it whole
         * @description Needs the permission `api-keys:write`.
         */
        post: operations["post_api_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an API key's row
         * @description Needs the permission `api-keys:read`.
         */
        get: operations["get_api_keys_id"];
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description Needs the permission `api-keys:write`.
         */
        delete: operations["delete_api_keys_id"];
        options?: never;
        head?: never;
        /**
         * Change which models an API key may call, and how often
         * @description What is left out stays; null is no limit. A key does not change its own.
         *
         *     Needs the permission `api-keys:write`.
         */
        patch: operations["patch_api_keys_id"];
        trace?: never;
    };
    "/api/v1/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List artifacts, newest first
         * @description Needs the permission `artifacts:read`.
         */
        get: operations["get_artifacts"];
        put?: never;
        /**
         * Upload a file
         * @description The body is the file; its media type is the Content-Type, else guessed from the name.
         *
         *     Needs the permission `artifacts:write`.
         */
        post: operations["post_artifacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an artifact's row
         * @description Needs the permission `artifacts:read`.
         */
        get: operations["get_artifacts_id"];
        put?: never;
        post?: never;
        /**
         * Delete an artifact
         * @description Needs the permission `artifacts:write`.
         */
        delete: operations["delete_artifacts_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download an artifact
         * @description Needs the permission `artifacts:read`.
         */
        get: operations["get_artifacts_id_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List audit entries, newest first
         * @description Needs the permission `audit:read`.
         */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export audit entries, oldest first
         * @description Needs the permission `audit:read`.
         */
        get: operations["get_audit_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify the whole audit trail: its chain and its signatures
         * @description Needs the permission `audit:read`.
         */
        post: operations["post_audit_verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/invitations/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an invitation's link is for */
        get: operations["get_auth_invitations_token"];
        put?: never;
        /** Accept an invitation: make the account, or join with the one that is signed in */
        post: operations["post_auth_invitations_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a one-time link that signs a browser in as owner
         * @description Needs the permission `api-keys:write`.
         */
        post: operations["post_auth_links"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with address and password
         * @description Sets the browser's cookie as well. Where a second factor is set up and `otp` was not sent, the answer is 401 with the code `otp_required` and a `challenge`, which stands for the password for five minutes.
         */
        post: operations["post_auth_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer the second factor of a sign-in */
        post: operations["post_auth_login_second_factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the browser's session
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who the credential is, and what it may do
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_auth_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/oidc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether people can sign in through an identity provider */
        get: operations["get_auth_oidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change one's own password; other sessions end
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the password once more, for what needs it within ten minutes
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_reauthenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange a refresh token for new tokens; each works once */
        post: operations["post_auth_refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Choose a new password with a link that the server's operator made */
        post: operations["post_auth_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List where one is signed in
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_auth_sessions"];
        put?: never;
        post?: never;
        /**
         * Sign out everywhere else
         * @description Needs the permission `workspaces:read`.
         */
        delete: operations["delete_auth_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of one's own sessions
         * @description Needs the permission `workspaces:read`.
         */
        delete: operations["delete_auth_sessions_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server waits for its first person */
        get: operations["get_auth_setup"];
        put?: never;
        /** Make the first owner's account with the one-time link of the start */
        post: operations["post_auth_setup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether one's second factor is set up, and which workspaces require it
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_auth_totp"];
        put?: never;
        /**
         * Begin to set up a second factor: the secret for an authenticator app, shown once
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_totp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm it by a code; from then on it counts. The answer has the recovery codes, once
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_totp_confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/totp/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take one's second factor away, with password and code
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_totp_disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/totp/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make ten new recovery codes instead of all before
         * @description Needs the permission `workspaces:read`.
         */
        post: operations["post_auth_totp_recovery_codes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List budgets with how they stand, newest first
         * @description Needs the permission `budgets:read`.
         */
        get: operations["get_budgets"];
        put?: never;
        /**
         * Create a budget
         * @description It counts the calls that begin after it was made. A scope has one budget for each window.
         *
         *     Needs the permission `budgets:write`.
         */
        post: operations["post_budgets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a budget
         * @description Needs the permission `budgets:read`.
         */
        get: operations["get_budgets_id"];
        /**
         * Change a budget's limit, action or alerts
         * @description What is left out stays; scope and window always do. A limit below what is spent blocks at once.
         *
         *     Needs the permission `budgets:write`.
         */
        put: operations["put_budgets_id"];
        post?: never;
        /**
         * Delete a budget
         * @description Needs the permission `budgets:write`.
         */
        delete: operations["delete_budgets_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{id}/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a budget will stand at the end of its period
         * @description A straight line from what was spent in the period.
         *
         *     Needs the permission `budgets:read`.
         */
        get: operations["get_budgets_id_forecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{id}/raise": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Raise a budget's limit until a time
         * @description Another raise replaces it. It is what stands for an approval where the action is require_approval.
         *
         *     Needs the permission `budgets:write`.
         */
        post: operations["post_budgets_id_raise"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{id}/unknown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a crash left open of a budget, newest first
         * @description Needs the permission `budgets:read`.
         */
        get: operations["get_budgets_id_unknown"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/unknown/{unknown_id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what unknown spend really was
         * @description What is above the told cost becomes free again.
         *
         *     Needs the permission `budgets:write`.
         */
        post: operations["post_budgets_unknown_unknown_id_resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List bulk actions, newest first
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_bulk_actions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-actions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a bulk action with the first objects that were refused
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_bulk_actions_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-actions/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a bulk action; what it has done stays
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_bulk_actions_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bulk-actions/{id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what became of each object of a bulk action
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_bulk_actions_id_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/content-policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read which prompts and answers of models are kept
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_content_policy"];
        /**
         * Say which prompts and answers of models are kept, and how long
         * @description Needs the permission `providers:write`.
         */
        put: operations["put_content_policy"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters, newest first
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a dead letter with its input, attempts and lineage
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_dead_letters_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard a dead letter
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_dead_letters_id_discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive a dead letter
         * @description As it is, its run goes on from the failed step; with an input or a version it is done again as a new run
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_dead_letters_id_redrive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters that fail alike as one, the largest groups first
         * @description Of one flow, step and code, with messages that differ in ids and amounts alone; the newest 10,000 letters are looked at.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_dead_letters_groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive many dead letters by filter, at a rate, canaries first
         * @description With dry_run: 200 with how many match, the filter, the first ids and five samples
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_dead_letters_redrive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read or follow events
         * @description A list (CloudEvents 1.0, newest first), unless followed live. With `Accept: text/event-stream` server-sent events: unnamed ones carry an id to resume after, `live` ones are progress that is not stored, `resync` says that the history after the wanted id is gone. With `Upgrade: websocket` a socket: send `{"subscribe": ["events", "run/run_…"], "resume_from": 12}`, receive `{"topic", "id", "event"}`.
         *
         *     Needs the permission `events:read`.
         */
        get: operations["get_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an event by its number
         * @description Needs the permission `events:read`.
         */
        get: operations["get_events_number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/expressions/functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what expressions can call
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_expressions_functions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/expressions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Evaluate an expression with sample values
         * @description Answers 200 with the value, or with the mistake and its place; stores nothing, and never has secrets.
         *
         *     Needs the permission `flows:read`.
         */
        post: operations["post_expressions_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List flows
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows"];
        put?: never;
        /**
         * Create a flow
         * @description The body is the flow document. Mistakes are answered with 422 and a pointer to each.
         *
         *     Needs the permission `flows:write`.
         */
        post: operations["post_flows"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a flow
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows_id"];
        /**
         * Publish a flow's next version
         * @description The same document again makes no new version. If-Match takes the flow's ETag.
         *
         *     Needs the permission `flows:write`.
         */
        put: operations["put_flows_id"];
        post?: never;
        /**
         * Delete a flow
         * @description Frees its name; runs that have started go on.
         *
         *     Needs the permission `flows:write`.
         */
        delete: operations["delete_flows_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare two versions by node and edge
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your draft of a flow
         * @description Each key has a draft of its own; browsers and the machine's owner share one. Answers with the draft's mistakes and warnings.
         *
         *     Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_draft"];
        /**
         * Save your draft of a flow
         * @description The body is the flow document, which may have mistakes. 201 for a new draft. Over a draft that is there If-Match must name its ETag: without it 428, with another 412.
         *
         *     Needs the permission `flows:write`.
         */
        put: operations["put_flows_id_draft"];
        post?: never;
        /**
         * Discard your draft of a flow
         * @description If-Match takes the draft's ETag.
         *
         *     Needs the permission `flows:write`.
         */
        delete: operations["delete_flows_id_draft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/draft/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish your draft as the flow's next version
         * @description Removes the draft in the same commit; the body is optional. 422 with every mistake when it is not valid; 409 when the live version is newer than the one that the draft is based on.
         *
         *     Needs the permission `flows:write`.
         */
        post: operations["post_flows_id_draft_publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export a flow
         * @description The document in canonical form: fixed order of members, defaults left out.
         *
         *     Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a version live
         * @description Moves back (rollback) or forth. If-Match takes the flow's ETag.
         *
         *     Needs the permission `flows:write`.
         */
        put: operations["put_flows_id_live"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a flow's pinned sample outputs
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_pins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/pins/{node}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a node's pinned sample output
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_pins_node"];
        /**
         * Pin a sample output to a node
         * @description Runs of drafts take it instead of executing the node. If-Match takes the pin's ETag.
         *
         *     Needs the permission `flows:write`.
         */
        put: operations["put_flows_id_pins_node"];
        post?: never;
        /**
         * Remove a node's pinned sample output
         * @description If-Match takes the pin's ETag.
         *
         *     Needs the permission `flows:write`.
         */
        delete: operations["delete_flows_id_pins_node"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a run
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_flows_id_runs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a flow's versions
         * @description Each with its note. Hidden versions, those of drafts' runs, are not among them.
         *
         *     Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{id}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one version
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_flows_id_versions_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import a flow
         * @description Creates the flow that the document names (201), or makes its next version (200). The same document again changes nothing.
         *
         *     Needs the permission `flows:write`.
         */
        post: operations["post_flows_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Judge a flow document
         * @description Answers 200 with every mistake and warning, and for a valid document with the times at which the attempts of nodes with a retry policy begin; stores nothing.
         *
         *     Needs the permission `flows:read`.
         */
        post: operations["post_flows_validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/guardrails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List guardrails in the order in which they are asked
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_guardrails"];
        put?: never;
        /**
         * Make a guardrail
         * @description Needs the permission `providers:write`.
         */
        post: operations["post_guardrails"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/guardrails/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a guardrail, by id or name
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_guardrails_id"];
        /**
         * Change a guardrail
         * @description Needs the permission `providers:write`.
         */
        put: operations["put_guardrails_id"];
        post?: never;
        /**
         * Delete a guardrail
         * @description Needs the permission `providers:write`.
         */
        delete: operations["delete_guardrails_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List invitations, newest first
         * @description Needs the permission `users:read`.
         */
        get: operations["get_invitations"];
        put?: never;
        /**
         * Invite somebody by a link that works once, for seven days
         * @description Needs the permission `users:write`.
         */
        post: operations["post_invitations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an invitation
         * @description Needs the permission `users:read`.
         */
        get: operations["get_invitations_id"];
        put?: never;
        post?: never;
        /**
         * Revoke an invitation
         * @description Needs the permission `users:write`.
         */
        delete: operations["delete_invitations_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/model-limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List limits on calls of models, newest first
         * @description Needs the permission `budgets:read`.
         */
        get: operations["get_model_limits"];
        put?: never;
        /**
         * Limit requests and tokens a minute, or the models that may be called
         * @description Needs the permission `budgets:write`.
         */
        post: operations["post_model_limits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/model-limits/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a limit and what is left of it
         * @description Needs the permission `budgets:read`.
         */
        get: operations["get_model_limits_id"];
        /**
         * Change a limit
         * @description What is left out is not limited any more; scope and model stay.
         *
         *     Needs the permission `budgets:write`.
         */
        put: operations["put_model_limits_id"];
        post?: never;
        /**
         * Delete a limit
         * @description Needs the permission `budgets:write`.
         */
        delete: operations["delete_model_limits_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/model-routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List model routes
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_model_routes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/model-routes/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a model route
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_model_routes_name"];
        /**
         * Make or replace a model route: a name that stands for several models
         * @description Needs the permission `providers:write`.
         */
        put: operations["put_model_routes_name"];
        post?: never;
        /**
         * Delete a model route
         * @description Needs the permission `providers:write`.
         */
        delete: operations["delete_model_routes_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models with their prices
         * @description By provider and id.
         *
         *     Needs the permission `providers:read`.
         */
        get: operations["get_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add models and prices from a catalogue file
         * @description For the whole server. Versions are added and never changed; of two that hold at one time the later import counts.
         *
         *     Needs the permission `system:write`.
         */
        post: operations["post_models_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all prices that a model has had or will have, the newest first
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_models_prices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the node types
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_node_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node-types/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a node type
         * @description Needs the permission `flows:read`.
         */
        get: operations["get_node_types_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read this document */
        get: operations["get_openapi_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read how the workspace stands
         * @description Counts of runs are by when they were made, as in the list of runs; every part is bounded, and says from when on it is counted.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask up to six models the same, and see them answer beside each other
         * @description Server-sent events start, delta {index, text}, result (one a model) and end; with Accept: application/json one answer. Each model is asked through the same admission as at the doors: limits, budgets, guardrails.
         *
         *     Needs the permission `models:call`.
         */
        post: operations["post_playground_compare"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the workspace's projects
         * @description Needs the permission `projects:read`.
         */
        get: operations["get_projects"];
        put?: never;
        /**
         * Create a project
         * @description Needs the permission `projects:write`.
         */
        post: operations["post_projects"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a project by id or name
         * @description Needs the permission `projects:read`.
         */
        get: operations["get_projects_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List model providers
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_providers"];
        put?: never;
        /**
         * Add a model provider
         * @description Needs the permission `providers:write`.
         */
        post: operations["post_providers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a model provider, by name or id
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_providers_id"];
        /**
         * Change a model provider
         * @description Needs the permission `providers:write`.
         */
        put: operations["put_providers_id"];
        post?: never;
        /**
         * Delete a model provider
         * @description Needs the permission `providers:write`.
         */
        delete: operations["delete_providers_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask a model provider for its models, with its key
         * @description Says in words what is wrong. A provider that was left out after failures may be tried again at once if it is well.
         *
         *     Needs the permission `providers:write`.
         */
        post: operations["post_providers_id_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How calls to a model provider have ended of late, and whether it is left out
         * @description Needs the permission `providers:read`.
         */
        get: operations["get_providers_id_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List queues
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_queues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a queue
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_queues_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a workspace's share of the server
         * @description With weight 3 the workspace starts three runs in its turn where one with weight 1 starts one. At once, kept over restarts
         *
         *     Needs the permission `system:write`.
         */
        patch: operations["patch_queues_name"];
        trace?: never;
    };
    "/api/v1/queues/{name}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain a queue
         * @description No new run is taken (503 with Retry-After); those that are queued start. Kept over restarts
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_queues_name_drain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the jobs of a queue: its runs that have not ended
         * @description The oldest first. A page looks at 20,000 jobs at most: with a state it can have fewer items than its limit and a next_cursor.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_queues_name_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a queue
         * @description Runs are accepted, but none starts; those under way go on. Kept over restarts
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_queues_name_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a queue
         * @description Ends a pause and a drain
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_queues_name_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List roles: those that every workspace has, then its own
         * @description Needs the permission `roles:read`.
         */
        get: operations["get_roles"];
        put?: never;
        /**
         * Create a role of the workspace
         * @description With no permission that the caller lacks, and none of the whole server.
         *
         *     Needs the permission `roles:write`.
         */
        post: operations["post_roles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a role by id or name
         * @description Needs the permission `roles:read`.
         */
        get: operations["get_roles_id"];
        /**
         * Change a role of the workspace
         * @description From the answer on it holds for every key and person that has it. If-Match takes the role's ETag.
         *
         *     Needs the permission `roles:write`.
         */
        put: operations["put_roles_id"];
        post?: never;
        /**
         * Delete a role of the workspace that nobody has
         * @description Needs the permission `roles:write`.
         */
        delete: operations["delete_roles_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runs
         * @description Newest first. What no index serves (trigger, version, q, project) is looked for in 50,000 rows: a page can then have fewer items than its limit, none even, with searched_to and a next_cursor that goes on.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a run
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_runs_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a run
         * @description Answers when the run has ended, what has a compensation undone; with status running when that takes longer than ten seconds
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide about an unknown step
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare two runs step by step
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_runs_id_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the journal of a run
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_runs_id_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what a run was started with
         * @description Values over 64 KiB are sent in pieces as they are stored.
         *
         *     Needs the permission `runs:data`.
         */
        get: operations["get_runs_id_input"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what a run gave
         * @description 404 until the run has succeeded. Values over 64 KiB are sent in pieces as they are stored.
         *
         *     Needs the permission `runs:data`.
         */
        get: operations["get_runs_id_output"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a run
         * @description Steps that run may end; no further one starts
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compute a run again, offline, and compare it with its journal
         * @description Nothing is sent anywhere and nothing is written: what came from outside is taken from the journal
         *
         *     Needs the permission `runs:read`.
         */
        post: operations["post_runs_id_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a run anew, from its start or from a step
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_rerun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a paused run
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a failed run from its failed steps
         * @description Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/signals/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a signal to a run
         * @description Taken by the first wait.signal step of that name (and key); kept for it when none waits yet
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_runs_id_signals_name"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the steps of a run
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_runs_id_steps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/steps/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a step's output or error
         * @description The path is percent-encoded: each%5B17%5D%2Fclassify. Values over 64 KiB are sent in pieces as they are stored.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_runs_id_steps_path"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain why a run waits or has not started, or how it ended
         * @description Needs the permission `runs:read`.
         */
        get: operations["get_runs_id_why"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry, run again or cancel many runs by filter, at a rate, canaries first
         * @description With dry_run: 200 with how many match, the filter, the first ids and five samples
         *
         *     Needs the permission `runs:write`.
         */
        post: operations["post_runs_bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count runs over time by status
         * @description By the time they were made. Without project, version, trigger, parent and q it is counted in indexes; else in the newest 200,000 rows, and complete is false where there are more.
         *
         *     Needs the permission `runs:read`.
         */
        get: operations["get_runs_histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/saved-views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List saved views: the caller's own and the shared ones
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_saved_views"];
        put?: never;
        /**
         * Save a view
         * @description What is set on a list of the dashboard, under a name; up to 200 for each caller.
         *
         *     Needs the permission `workspaces:read`.
         */
        post: operations["post_saved_views"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/saved-views/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change a saved view
         * @description One's own, or, with users:write, a shared one. If-Match takes its ETag.
         *
         *     Needs the permission `workspaces:read`.
         */
        put: operations["put_saved_views_id"];
        post?: never;
        /**
         * Delete a saved view
         * @description Needs the permission `workspaces:read`.
         */
        delete: operations["delete_saved_views_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List secrets by name, without their values
         * @description Needs the permission `secrets:read`.
         */
        get: operations["get_secrets"];
        put?: never;
        /**
         * Create a secret
         * @description The value is encrypted and never given back. Without hosts in its bindings it is sent nowhere.
         *
         *     Needs the permission `secrets:write`.
         */
        post: operations["post_secrets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a secret's row by name or id, without its value
         * @description Needs the permission `secrets:read`.
         */
        get: operations["get_secrets_id"];
        /**
         * Give a secret a new value
         * @description The next version; runs use it at once, and the one before is kept for 24 hours.
         *
         *     Needs the permission `secrets:write`.
         */
        put: operations["put_secrets_id"];
        post?: never;
        /**
         * Delete a secret with all its versions
         * @description Needs the permission `secrets:write`.
         */
        delete: operations["delete_secrets_id"];
        options?: never;
        head?: never;
        /**
         * Change a secret's description or bindings
         * @description Needs the permission `secrets:write`.
         */
        patch: operations["patch_secrets_id"];
        trace?: never;
    };
    "/api/v1/secrets/rotate-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the key that wraps the workspace's secrets
         * @description Needs the permission `secrets:write`.
         */
        post: operations["post_secrets_rotate_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List calls of models with what they cost, newest first
         * @description Needs the permission `spend:read`.
         */
        get: operations["get_spend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one call's row
         * @description Needs the permission `spend:read`.
         */
        get: operations["get_spend_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what was asked and answered in a call, where it was kept
         * @description Needs the permission `runs:data`.
         */
        get: operations["get_spend_id_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export calls of models as CSV, oldest first
         * @description Needs the permission `spend:read`.
         */
        get: operations["get_spend_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spend/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sum what calls of models cost
         * @description At most 1,000 sums, the dearest first; days and hours in order. Without from and to: the last 30 days.
         *
         *     Needs the permission `spend:read`.
         */
        get: operations["get_spend_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the state of the server
         * @description Needs the permission `system:read`.
         */
        get: operations["get_system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/backup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Back up the data directory
         * @description Database and blobs from one moment, verified, while work goes on. Answers when the backup is whole
         *
         *     Needs the permission `system:write`.
         */
        post: operations["post_system_backup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/echo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give the body back
         * @description For measuring what a request costs without any work
         *
         *     Needs the permission `system:read`.
         */
        post: operations["post_system_echo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the accounts of the server (admin socket)
         * @description Needs the permission `system:read`.
         */
        get: operations["get_system_users"];
        put?: never;
        /**
         * Make an account in the workspace (admin socket)
         * @description Needs the permission `system:write`.
         */
        post: operations["post_system_users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Disable or enable an account, by id or address (admin socket)
         * @description Needs the permission `system:write`.
         */
        patch: operations["patch_system_users_id"];
        trace?: never;
    };
    "/api/v1/system/users/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a one-time link to choose a new password (admin socket)
         * @description Needs the permission `system:write`.
         */
        post: operations["post_system_users_id_reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/users/{id}/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take a person's second factor away (admin socket)
         * @description Needs the permission `system:write`.
         */
        delete: operations["delete_system_users_id_second_factor"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the people of the workspace
         * @description Needs the permission `users:read`.
         */
        get: operations["get_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a person of the workspace
         * @description Needs the permission `users:read`.
         */
        get: operations["get_users_id"];
        put?: never;
        post?: never;
        /**
         * Remove a person from the workspace
         * @description Needs the permission `users:write`.
         */
        delete: operations["delete_users_id"];
        options?: never;
        head?: never;
        /**
         * Change a person's role, roles in projects, or whether the person may use the workspace
         * @description Needs the permission `users:write`.
         */
        patch: operations["patch_users_id"];
        trace?: never;
    };
    "/api/v1/vault": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell whether the vault is open
         * @description Needs the permission `system:read`.
         */
        get: operations["get_vault"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vault/rotate-root": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Wrap all keys with another root key
         * @description On the server's own machine alone. Without members a fresh key takes the key file's place; the old one is kept beside it under its id.
         *
         *     Needs the permission `system:write`.
         */
        post: operations["post_vault_rotate_root"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vault/unseal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look for the root key again
         * @description On the server's own machine alone. With a passphrase, where the root is made from one.
         *
         *     Needs the permission `system:write`.
         */
        post: operations["post_vault_unseal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the workspaces that the credential may see
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_workspaces"];
        put?: never;
        /**
         * Create a workspace with its default project
         * @description Needs the permission `workspaces:write`.
         */
        post: operations["post_workspaces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workspaces/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a workspace by id or name
         * @description Needs the permission `workspaces:read`.
         */
        get: operations["get_workspaces_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Require a second factor of the workspace's members, or no longer
         * @description Needs the permission `users:write`.
         */
        patch: operations["patch_workspaces_id"];
        trace?: never;
    };
    "/api/v1/workspaces/{id}/egress": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read where the workspace's requests may go
         * @description Needs the permission `egress:read`.
         */
        get: operations["get_workspaces_id_egress"];
        /**
         * Say where the workspace's requests may go
         * @description Needs the permission `egress:write`.
         */
        put: operations["put_workspaces_id_egress"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sign the browser in with a one-time link */
        get: operations["get_auth_link"];
        put?: never;
        /** Sign the browser in with a one-time link */
        post: operations["post_auth_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Take the identity provider's answer and sign the browser in */
        get: operations["get_auth_oidc_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Send the browser to the identity provider */
        get: operations["get_auth_oidc_start"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Acceptance: {
            /** @description What the refresh token is bound to; default: the header User-Agent */
            client?: string;
            name?: string;
            /** @description 12 to 128 characters */
            password?: string;
        };
        Account: {
            created_at?: string;
            email: string;
            id: string;
            last_sign_in_at?: string | null;
            name: string;
            /** @enum {string} */
            status: "active" | "disabled";
            workspaces?: Record<string, unknown>[];
        };
        AccountChange: {
            /** @enum {string} */
            status: "active" | "disabled";
        };
        AccountList: {
            items: components["schemas"]["Account"][];
            next_cursor: string | null;
        };
        /** @description Any JSON */
        Anything: unknown;
        ApiKey: {
            /** @description Its own; changed under /api/v1/budgets */
            budgets?: {
                action?: string;
                id?: string;
                left_usd?: string;
                limit_usd?: string;
                spent_usd?: string;
                window?: string;
            }[] | null;
            created_at: string;
            created_by?: string;
            expires_at?: string | null;
            /** @description It is limited to these; empty: all */
            flows?: string[];
            id: string;
            /** @description The whole key, in the answer to its creation alone; null in a repeated answer */
            key?: string | null;
            /** @description Where it was last used from */
            last_address?: string | null;
            last_used_at?: string | null;
            /** @description It may call these models and routes alone: names, or beginnings and *; null: all */
            models?: string[] | null;
            name: string;
            /** @description It may be used from these; empty: from anywhere */
            networks?: string[];
            permissions: string[];
            /** @description The part of the key that names it */
            prefix: string;
            project?: string;
            /** @description It is limited to these; empty: all */
            projects?: string[];
            /** @description Requests of its own; null: as the server's setting says */
            rate_limit?: {
                burst?: number;
                per_second?: number;
            } | null;
            /** @description Calls of models */
            requests_per_minute?: number | null;
            revoked_at?: string | null;
            /** @description A role, or custom */
            role: string;
            /** @description Of models, input and output together */
            tokens_per_minute?: number | null;
        };
        ApiKeyChange: {
            /** @description It may call these models and routes alone: names, or beginnings and *; null: all */
            models?: string[] | null;
            /** @description Calls of models */
            requests_per_minute?: number | null;
            /** @description Of models, input and output together */
            tokens_per_minute?: number | null;
        };
        ApiKeyList: {
            items: components["schemas"]["ApiKey"][];
            next_cursor: string | null;
        };
        Artifact: {
            created_at: string;
            created_by?: string;
            id: string;
            media_type: string;
            name: string;
            run_id?: string | null;
            sha256: string;
            size_bytes: number;
            step_path?: string | null;
        };
        ArtifactList: {
            items: components["schemas"]["Artifact"][];
            next_cursor: string | null;
        };
        AuditEntry: {
            action: string;
            actor: {
                id?: string;
                kind?: string;
                name?: string;
            };
            address?: string;
            /** @description What it became */
            after?: unknown;
            at: string;
            /** @description What it was; null when of no interest */
            before?: unknown;
            /** @enum {unknown} */
            outcome: "done" | "denied" | "failed";
            reason?: string;
            request_id?: string;
            seq: number;
            target: string;
            workspace?: string | null;
        };
        AuditList: {
            items: components["schemas"]["AuditEntry"][];
            next_cursor: string | null;
        };
        AuditReport: {
            broken_seq?: number | null;
            checked: number;
            checkpoints?: number;
            first_seq?: number;
            last_seq?: number;
            removed_before?: number;
            sound: boolean;
            what?: string | null;
        };
        Backup: {
            blob_bytes?: number;
            blobs?: number;
            created_at?: string;
            database_bytes?: number;
            database_sha256?: string;
            path?: string;
            schema?: number;
        };
        Budget: {
            action: string;
            alerts?: number[];
            carry_over?: boolean;
            created_at?: string;
            created_by?: string;
            downgrade_to?: string | null;
            /** @description A call did not fit since the period began, or since the budget was changed or raised last */
            exceeded?: boolean;
            /** @description By calls under way */
            held_usd: string;
            id: string;
            /** @description Below 0 when more was spent than is allowed now */
            left_usd: string;
            /** @description As it was set */
            limit_usd: string;
            /** @description Of the action require_approval, when exceeded: somebody should raise or change the budget, or leave it */
            needs_approval?: boolean;
            period_start?: string;
            /** @description With what was carried over and a raise */
            present_limit_usd?: string;
            raise?: {
                amount_usd?: string;
                until?: string;
            } | null;
            /** @description Null: never */
            resets_at?: string | null;
            scope: {
                id?: string;
                type?: string;
            };
            /** @description Settled in this period, with unknown_usd */
            spent_usd: string;
            time_zone?: string;
            /** @description Of spent_usd: what a crash left open, see GET /api/v1/budgets/{id}/unknown */
            unknown_usd?: string;
            updated_at?: string;
            window: string;
        };
        BudgetChange: {
            /**
             * @description What happens to a call that does not fit; default block
             * @enum {unknown}
             */
            action?: "block" | "require_approval" | "downgrade" | "warn";
            /** @description Percents of the limit at which an event budget.threshold is written, ascending; default 50, 80, 100 */
            alerts?: number[];
            /** @description Whether what a period leaves is added to the next one's limit, once */
            carry_over?: boolean;
            /** @description The model of the action downgrade */
            downgrade_to?: string;
            /** @description USD, a decimal with at most nine places, without an exponent */
            limit_usd?: string | number;
            scope?: {
                /** @description A name (project, agent, flow, model, tag, session) or an id (run, api_key, user); empty for instance and workspace */
                id?: string;
                /** @enum {unknown} */
                type: "instance" | "workspace" | "project" | "agent" | "flow" | "run" | "session" | "api_key" | "user" | "model" | "tag";
            };
            /** @description IANA; default UTC */
            time_zone?: string;
            /** @enum {unknown} */
            window?: "hour" | "day" | "week" | "month" | "total";
        };
        BudgetForecast: {
            budget_id: string;
            /** @description When the limit is reached then; null: not in this period */
            exceeds_at?: string | null;
            limit_usd: string;
            /** @description Null: too early to say */
            per_day_usd?: string | null;
            period_start?: string;
            /** @description At the end of the period, if it goes on like this; null: it has no end, or it is too early */
            projected_usd: string | null;
            resets_at?: string | null;
            spent_usd: string;
            window?: string;
        };
        BudgetList: {
            items: components["schemas"]["Budget"][];
            next_cursor: string | null;
        };
        BudgetRaise: {
            /** @description USD, a decimal with at most nine places, without an exponent */
            amount_usd: string | number;
            /** @description For the audit trail */
            reason: string;
            /** @description RFC 3339 */
            until: string;
        };
        BulkAction: {
            canary?: number;
            canary_run_id?: string | null;
            created_at?: string;
            created_by?: string;
            done: number;
            failed: number;
            /** @description Of one action: the first 20 objects to which it could not be done */
            failures?: components["schemas"]["BulkItem"][];
            filter?: Record<string, unknown>;
            finished_at?: string | null;
            id: string;
            /** @enum {string} */
            kind: "dead_letters.redrive" | "runs.retry" | "runs.rerun" | "runs.cancel";
            options?: Record<string, unknown>;
            rate_per_second?: number;
            reason?: string | null;
            /** @enum {string} */
            state: "running" | "done" | "stopped" | "cancelled";
            total: number;
        };
        BulkActionList: {
            items?: components["schemas"]["BulkAction"][];
            next_cursor?: string | null;
        };
        /** @description The bulk action; with dry_run {dry_run, total, filter, first, samples} */
        BulkAnswer: components["schemas"]["BulkAction"] | {
            dry_run: boolean;
            filter?: Record<string, unknown>;
            first?: string[];
            /** @description The first five, runs or dead letters */
            samples?: Record<string, unknown>[];
            total?: number;
        };
        BulkItem: {
            at: string;
            /** @description code and message, where it could not be done */
            error?: Record<string, unknown> | null;
            /** @description Of the run or the dead letter */
            id: string;
            /** @enum {string} */
            result: "done" | "failed";
            /** @description The run that goes on, was made or was cancelled */
            run_id?: string | null;
            /** @description Its status now */
            run_status?: string | null;
        };
        BulkItemList: {
            items?: components["schemas"]["BulkItem"][];
            next_cursor?: string | null;
        };
        BulkRedrive: {
            /** @description So many are awaited before the rest; default 1 */
            canary?: number;
            dry_run?: boolean;
            /** @description state, flow, code, since, until, as in the list */
            filter?: Record<string, unknown>;
            /** @description Default 5 */
            rate_per_second?: number;
        };
        BulkRuns: {
            /** @enum {string} */
            action: "retry" | "rerun" | "cancel";
            /** @description So many are awaited before the rest; default 1 */
            canary?: number;
            /** @description Change nothing; tell how many match */
            dry_run?: boolean;
            /** @description status (one or a list), flow (its id), version (a number, with flow), trigger, parent (a run's id), q (text, as in the list), project, code (the error's), since, until. Default: what failed or timed out is retried, what has not ended cancelled */
            filter?: Record<string, unknown>;
            /** @description Of a rerun: the first step to do again; what comes before it is reused */
            from?: string;
            /** @description Of a rerun: the input of all, instead of what each was started with */
            input?: unknown;
            /** @description Default 5 */
            rate_per_second?: number;
            /** @description Of a retry or a cancel, for the runs' records */
            reason?: string;
            /** @description Of a rerun: a version of the flow, "live", or "recorded" (default): each run's own */
            version?: number | string;
        };
        CallContent: {
            /** @description The answer's body; null where it was streamed or none came */
            answer?: unknown;
            /** @description It was longer than 8 MiB */
            cut?: boolean;
            door?: string;
            /** @description The body, as guardrails let it through */
            request: unknown;
            /** @description Of a stream */
            text?: string | null;
            tool_calls?: Record<string, unknown>[] | null;
        };
        ComparedModel: {
            answered_by?: string | null;
            /** @description Null: the price is not known */
            cost_usd?: string | null;
            duration_ms?: number;
            error?: Record<string, unknown> | null;
            first_token_ms?: number | null;
            index: number;
            model: string;
            /** @description Of a flow */
            run_id?: string | null;
            text?: string;
            tool_calls?: Record<string, unknown>[];
            usage?: Record<string, unknown> | null;
        };
        ComparedModels: {
            cost_usd?: string;
            results: components["schemas"]["ComparedModel"][];
        };
        CompareModels: {
            /** @description As OpenAI's chat format has them */
            messages?: Record<string, unknown>[];
            models: string[];
            /** @description Further members of the request: temperature, max_completion_tokens, tools, response_format, … */
            parameters?: Record<string, unknown>;
            /** @description The last message of the user */
            prompt?: string;
            system?: string;
        };
        ContentPolicy: {
            keep: string;
            retention: string;
            updated_at?: string | null;
            updated_by?: string | null;
        };
        DeadLetter: {
            attempts?: number;
            /** @enum {string} */
            cause: "failed" | "unknown";
            created_at?: string;
            decided_at?: string | null;
            decided_by?: string | null;
            error: components["schemas"]["RunError"];
            flow: {
                id?: string;
                name?: string;
                version?: number;
            };
            id: string;
            reason?: string | null;
            redriven_run_id?: string | null;
            run_id: string;
            /** @enum {string} */
            state: "open" | "redriven" | "discarded";
            step: string;
        };
        DeadLetterDetail: components["schemas"]["DeadLetter"] & {
            history?: Record<string, unknown>[];
            input?: unknown;
            lineage?: Record<string, unknown>;
        };
        DeadLetterGroupList: {
            /** @description false: there are older letters */
            complete: boolean;
            items: {
                cause: string;
                code: string;
                count: number;
                /** @description For a redrive of all with this flow and code */
                filter: Record<string, unknown>;
                first_at: string;
                flow: {
                    id?: string;
                    name?: string;
                };
                last_at: string;
                masked?: boolean;
                /** @description Of the newest */
                message: string | null;
                newest_id: string;
                project?: string;
                /** @description With * for the numbers of items and turns */
                step: string;
            }[];
            /** @description How many were looked at */
            letters: number;
            next_cursor: null;
        };
        DeadLetterList: {
            items?: components["schemas"]["DeadLetter"][];
            next_cursor?: string | null;
        };
        DecideStep: {
            /** @enum {string} */
            decision: "retry" | "succeed" | "fail";
            /** @description With succeed: the step's output */
            output?: unknown;
            path: string;
            reason?: string;
        };
        DiscardDeadLetter: {
            reason: string;
        };
        /** @description A flow document (NewFlow) that may have mistakes still. */
        DraftDocument: Record<string, unknown>;
        DraftPublication: {
            /** @description What the version is for. */
            note?: string;
        };
        EgressRules: {
            /** @description Internal addresses that are open to the workspace, as in egress.allow */
            allow: string[];
            changed_at?: string | null;
            changed_by?: string | null;
            /** @description The only hosts that requests may go to; null: every public one */
            hosts: string[] | null;
        };
        Enrolment: {
            /** @description By then a code must have confirmed it */
            expires_at: string;
            /** @description Base32, to be typed into an authenticator app; shown once */
            secret: string;
            /** @description The same as a link, otpauth://; most apps read it as a QR code */
            uri: string;
        };
        Event: {
            data?: Record<string, unknown>;
            datacontenttype?: string;
            id: string;
            /** @description The number to resume after */
            sequence: string;
            source: string;
            specversion: string;
            subject?: string;
            time: string;
            type: string;
        };
        EventList: {
            items: components["schemas"]["Event"][];
            next_cursor: string | null;
        };
        ExpressionFunctionList: {
            items: {
                doc: string;
                /** @enum {string} */
                kind: "function" | "method" | "macro";
                name: string;
                signature: string;
            }[];
            next_cursor?: string | null;
        };
        ExpressionPreview: {
            /** @description One expression, without braces */
            expression?: string;
            /** @description Sample values; what is left out is missing */
            scope?: {
                error?: unknown;
                index?: number;
                input?: unknown;
                item?: unknown;
                /** @description By node: {"classify": {"output": …}} */
                nodes?: Record<string, unknown>;
                run?: Record<string, unknown>;
                vars?: Record<string, unknown>;
            };
            /** @description Instead of it: any JSON whose strings hold {{ expressions }} */
            template?: unknown;
        };
        ExpressionValue: {
            error?: {
                /**
                 * @description invalid_argument: it does not compile; unprocessable: it fails with these values; too_large: it is over a limit
                 * @enum {string}
                 */
                code: "invalid_argument" | "unprocessable" | "too_large";
                message: string;
                /** @description Of a template: the string that it concerns */
                pointer: string;
                /** @description Both from 1, columns in characters; null: of no single place */
                position: {
                    column?: number;
                    line?: number;
                } | null;
            };
            /** @description What it gives */
            value?: unknown;
        };
        Flow: {
            /**
             * @description What an import did.
             * @enum {unknown}
             */
            change?: "created" | "updated" | "unchanged";
            /** Format: date-time */
            created_at: string;
            description?: string;
            document: components["schemas"]["NewFlow"];
            /** @example flw_01jcy3m1q8e2fvt6pr0w5x9zka */
            id: string;
            latest_version: number;
            /** @description What runs use; null: none is live. */
            live_version: number | null;
            name: string;
            project: string;
            /** Format: date-time */
            updated_at: string;
            /** @description The version of `document`. */
            version: number;
        };
        FlowDiff: {
            differences: {
                /** @enum {unknown} */
                change: "added" | "removed" | "changed";
                /** @description JSON pointers of what changed inside. */
                fields: string[];
                /** @description The node's id; an edge's ends. */
                key: string;
                /** @description node, edge, or the name of a member of the document; ui: positions, groups and comments of the canvas. */
                kind: string;
            }[];
            from: number;
            to: number;
        };
        FlowDraft: {
            /** @description The version that was edited. */
            based_on: number;
            /** Format: date-time */
            created_at: string;
            document: components["schemas"]["DraftDocument"];
            errors: components["schemas"]["ValidationMistake"][];
            /** @description As in the header: what If-Match of the next change takes. */
            etag: string;
            /** @example flw_01jcy3m1q8e2fvt6pr0w5x9zka */
            flow: string;
            /** @description Of the flow now; above based_on the draft is behind. */
            live_version: number | null;
            /** @description Whose it is: a key, or local. */
            owner: string;
            /** Format: date-time */
            updated_at: string;
            valid: boolean;
            warnings: components["schemas"]["ValidationMistake"][];
        };
        FlowList: {
            items: {
                /** Format: date-time */
                created_at: string;
                description?: string;
                id: string;
                latest_version: number;
                live_version: number | null;
                name: string;
                project: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            next_cursor: string | null;
        };
        FlowVersion: {
            /** @description SHA-256 of the canonical document. */
            content_hash: string;
            /** Format: date-time */
            created_at: string;
            created_by: string;
            document?: components["schemas"]["NewFlow"];
            /** @description What it is for. */
            note: string;
            /** @description Below 0: the hidden version of a draft's runs. */
            version: number;
        };
        FlowVersionList: {
            items: components["schemas"]["FlowVersion"][];
            next_cursor: string | null;
        };
        Guardrail: {
            api_keys?: string[];
            created_at?: string;
            created_by?: string;
            direction: string;
            enabled: boolean;
            flows?: string[];
            id: string;
            models?: string[];
            name: string;
            position: number;
            projects?: string[];
            rule: Record<string, unknown>;
            updated_at?: string;
        };
        GuardrailList: {
            items: components["schemas"]["Guardrail"][];
            next_cursor: string | null;
        };
        Invitation: {
            created_at: string;
            created_by?: string;
            email: string;
            expires_at: string;
            id: string;
            /** @description The link, on this server's address; in the answer to its creation alone, null in a repeated answer */
            path?: string | null;
            role: string;
            /** @enum {string} */
            status: "open" | "accepted" | "revoked" | "expired";
        };
        InvitationList: {
            items: components["schemas"]["Invitation"][];
            next_cursor: string | null;
        };
        Job: {
            attempts?: number;
            created_at: string;
            flow: {
                id?: string;
                name?: string;
            };
            /**
             * @description held: by the process that answers; taken_up_soon: left by a former one; null: by none
             * @enum {string|null}
             */
            lease: "held" | "taken_up_soon" | null;
            /** @description Where the flow limits its runs */
            limit?: {
                key?: string | null;
                runs?: number;
            };
            priority: number;
            project?: string;
            /** @description Not started before */
            ready_at: string;
            run_id: string;
            run_status: components["schemas"]["RunStatus"];
            started_at?: string | null;
            /** @enum {string} */
            state: "queued" | "running" | "waiting";
            /** @description The next timer of one that waits outside of memory */
            wake_at?: string | null;
        };
        JobList: {
            items: components["schemas"]["Job"][];
            next_cursor: string | null;
            /** @description The process that takes up runs, and when it last said that it does */
            worker: {
                heartbeat_at?: string;
                id?: string;
                started_at?: string;
            } | null;
        };
        KeySet: {
            keys: Record<string, unknown>[];
        };
        LiveVersion: {
            version: number;
        };
        Login: {
            /** @description What the refresh token is bound to; default: the header User-Agent */
            client?: string;
            email: string;
            /** @description The second factor, where one is set up */
            otp?: string;
            password: string;
        };
        LoginLink: {
            expires_in: string;
            /** @description To be opened in a browser on this server's address, once */
            path: string;
        };
        Me: {
            permissions: string[];
            principal: {
                id?: string;
                kind?: string;
                name?: string;
            };
            role: string;
            /** @description Of a person: enabled, required (by this workspace) */
            second_factor?: Record<string, unknown>;
            /** @description Of a person: id, proved_at (when the password was last given) */
            session?: Record<string, unknown>;
            /** @description Of a person: id, email, name */
            user?: Record<string, unknown>;
            workspace: {
                id?: string;
                name?: string;
            };
            /** @description Of a person: id, name and role of each */
            workspaces?: Record<string, unknown>[];
        };
        Model: {
            aliases?: string[];
            capabilities?: string[];
            context_window?: number | null;
            id: string;
            input_modalities?: string[];
            /** @enum {string} */
            kind: "chat" | "embedding";
            max_output_tokens?: number | null;
            /** @description A ModelPrice; null: not priced at that time */
            price: Record<string, unknown> | null;
            provider: string;
            source?: string;
        };
        ModelCatalogue: {
            comment?: string;
            /** @constant */
            format: 1;
            /** @description As in config/models.json */
            models: Record<string, unknown>[];
        };
        ModelImport: {
            added: components["schemas"]["ModelPrice"][];
            dry_run: boolean;
            /** @description In the file */
            models: number;
            /** @description Versions of the file that were imported already */
            unchanged: number;
            warnings: Record<string, unknown>[];
        };
        ModelLimit: {
            created_at?: string;
            created_by?: string;
            id: string;
            model?: string | null;
            /** @description These alone may be called: names of models or routes, or beginnings and *: gpt-*, anthropic/* */
            models?: string[] | null;
            /** @description At once, now */
            requests_left?: number | null;
            requests_per_minute?: number | null;
            scope: {
                id?: string;
                type?: string;
            };
            tokens_left?: number | null;
            /** @description Input and output together */
            tokens_per_minute?: number | null;
            updated_at?: string;
        };
        ModelLimitChange: {
            /** @description These alone may be called: names of models or routes, or beginnings and *: gpt-*, anthropic/* */
            models?: string[] | null;
            requests_per_minute?: number | null;
            /** @description Input and output together */
            tokens_per_minute?: number | null;
        };
        ModelLimitList: {
            items: components["schemas"]["ModelLimit"][];
            next_cursor: string | null;
        };
        ModelList: {
            items: components["schemas"]["Model"][];
            next_cursor: string | null;
        };
        ModelPrice: {
            as_of?: string;
            /** @description False: of an earlier program or file, kept to explain what was spent */
            in_use?: boolean;
            model: string;
            /** @enum {string} */
            origin?: "provider" | "imported" | "file" | "embedded";
            /** @description Stands in the spend row of each call that it priced */
            price_version: string;
            provider: string;
            region_multipliers?: Record<string, unknown>;
            source?: string;
            tier_multipliers?: Record<string, unknown>;
            /** @description Above so many input tokens the whole call costs this */
            tiers?: Record<string, unknown>[];
            /** @description By kind of token; what is left out is not known, which is not 0 */
            usd_per_million: {
                [key: string]: string;
            };
            usd_per_tool_call?: Record<string, unknown>;
            valid_from: string;
            valid_to: string | null;
        };
        ModelPriceList: {
            items: components["schemas"]["ModelPrice"][];
        };
        ModelRoute: {
            created_at?: string;
            created_by?: string;
            max_attempts: number;
            name: string;
            strategy: string;
            targets: Record<string, unknown>[];
            updated_at?: string;
        };
        ModelRouteList: {
            items: components["schemas"]["ModelRoute"][];
            next_cursor: string | null;
        };
        NewApiKey: {
            /** @description Of its own, made with it */
            budget?: {
                /**
                 * @description Default block
                 * @enum {unknown}
                 */
                action?: "block" | "require_approval" | "downgrade" | "warn";
                downgrade_to?: string;
                /** @description USD, a decimal with at most nine places */
                limit_usd: string | number;
                time_zone?: string;
                /**
                 * @description Default month
                 * @enum {unknown}
                 */
                window?: "hour" | "day" | "week" | "month" | "total";
            } | null;
            /** @description RFC 3339, at most 365 days from now; default 90 days. Null, for no end, on the server's own machine alone */
            expires_at?: string | null;
            /** @description Limits it to these and to their runs, by name */
            flows?: string[];
            /** @description It may call these models and routes alone: names, or beginnings and *; null: all */
            models?: string[] | null;
            name?: string;
            /** @description Addresses and networks that it may be used from: 10.0.0.0/24 */
            networks?: string[];
            /** @description Instead of a role's, exactly these */
            permissions?: string[];
            project?: string;
            /** @description Limits it to what is in these */
            projects?: string[];
            rate_limit?: {
                /** @description At once; default twice per_second */
                burst?: number;
                per_second: number;
            } | null;
            /** @description Calls of models */
            requests_per_minute?: number | null;
            /** @description A built-in role or one of the workspace's; default the caller's own. Owners alone make keys of the role owner */
            role?: string;
            /** @description Of models, input and output together */
            tokens_per_minute?: number | null;
        };
        NewBackup: {
            /** @description A folder that does not exist. On the server's own socket an absolute path; else a plain name */
            path: string;
        };
        NewBudget: {
            /**
             * @description What happens to a call that does not fit; default block
             * @enum {unknown}
             */
            action?: "block" | "require_approval" | "downgrade" | "warn";
            /** @description Percents of the limit at which an event budget.threshold is written, ascending; default 50, 80, 100 */
            alerts?: number[];
            /** @description Whether what a period leaves is added to the next one's limit, once */
            carry_over?: boolean;
            /** @description The model of the action downgrade */
            downgrade_to?: string;
            /** @description USD, a decimal with at most nine places, without an exponent */
            limit_usd: string | number;
            scope: {
                /** @description A name (project, agent, flow, model, tag, session) or an id (run, api_key, user); empty for instance and workspace */
                id?: string;
                /** @enum {unknown} */
                type: "instance" | "workspace" | "project" | "agent" | "flow" | "run" | "session" | "api_key" | "user" | "model" | "tag";
            };
            /** @description IANA; default UTC */
            time_zone?: string;
            /** @enum {unknown} */
            window: "hour" | "day" | "week" | "month" | "total";
        };
        NewContentPolicy: {
            /**
             * @description Nothing, calls that failed, or all
             * @enum {string}
             */
            keep: "none" | "errors" | "all";
            /** @description How long, from 1h to 400d; left out: 168h */
            retention?: string;
        };
        NewEgressRules: {
            /** @description Left out: as it is. Only the owner of the server's machine may change it */
            allow?: string[];
            /** @description Names, *.names or addresses, each with :PORT or without; null: every public host */
            hosts: string[] | null;
        };
        /** Flow document */
        NewFlow: {
            description?: string;
            edges?: {
                /** @description A CEL expression; the edge is taken when it is true. */
                condition?: string;
                from: string;
                from_port?: string;
                /**
                 * @default success
                 * @enum {unknown}
                 */
                on: "success" | "error" | "rollback";
                to: string;
            }[];
            /** @description JSON Schema (draft 7) that a run's input must match. */
            input_schema?: Record<string, unknown>;
            /** @description Unique in the workspace; what apply and flow/<name> go by. */
            name: string;
            nodes: {
                /** @description What the node type's schema says. Strings may hold {{ expressions }}. */
                config?: Record<string, unknown>;
                description?: string;
                id: string;
                /** @default all */
                join: ("all" | "any" | "first") | {
                    n: number;
                };
                /** @description For people. */
                name?: string;
                notes?: string;
                /**
                 * @default fail
                 * @enum {unknown}
                 */
                on_error: "fail" | "continue" | "route";
                /**
                 * @description Default: stop for node types of effect unsafe, else retry.
                 * @enum {unknown}
                 */
                on_unknown?: "retry" | "stop";
                position?: {
                    x?: number;
                    y?: number;
                };
                retry?: {
                    /**
                     * @default 1s
                     * @example 30s
                     * @example 5m
                     * @example 1h30m
                     */
                    backoff: string;
                    /** @default 2 */
                    factor: number;
                    /** @default 0.1 */
                    jitter: number;
                    /** @default 1 */
                    max_attempts: number;
                    /**
                     * @default 5m
                     * @example 30s
                     * @example 5m
                     * @example 1h30m
                     */
                    max_backoff: string;
                    /**
                     * @description No attempt begins later than this after the first one.
                     * @example 30s
                     * @example 5m
                     * @example 1h30m
                     */
                    max_elapsed?: string;
                    /** @description A CEL expression over error and attempt: true when the step is tried again. */
                    retry_if?: string;
                };
                /**
                 * @description Of one attempt; of the whole step for containers and waits.
                 * @example 30s
                 * @example 5m
                 * @example 1h30m
                 */
                timeout?: string;
                /** @description The name of a node type; GET /api/v1/node-types lists them. */
                type: string;
            }[];
            /** @description Template of the run's output; without it, the map of the leaf nodes' outputs. */
            output?: unknown;
            /** @default default */
            project: string;
            settings?: {
                concurrency?: {
                    /** @description A template over input and vars; the limit counts for each of its values. */
                    key?: string;
                    /** @description Runs at once; the others are queued. */
                    limit: number;
                };
                /**
                 * @default strict
                 * @enum {unknown}
                 */
                durability: "strict" | "relaxed" | "none";
                /** @description The flow started with {run, flow, error} when a run fails or times out. */
                error_flow?: string;
                /** @description Attempts of all steps of a run together; beyond it a failing step is not tried again. */
                max_attempts?: number;
                /**
                 * @description 1 is admitted first, 5 last.
                 * @default 3
                 */
                priority: number;
                /**
                 * @description Keep the whole output of steps with effects, so that a run can be replayed offline.
                 * @default true
                 */
                record: boolean;
                retention?: {
                    /**
                     * @description How long failed and timed out runs are kept; "0s": for ever.
                     * @example 30s
                     * @example 5m
                     * @example 1h30m
                     */
                    failed?: string;
                    /**
                     * @description How long succeeded and cancelled runs are kept; "0s": for ever.
                     * @example 30s
                     * @example 5m
                     * @example 1h30m
                     */
                    succeeded?: string;
                };
                /**
                 * @description Of the whole run.
                 * @example 30s
                 * @example 5m
                 * @example 1h30m
                 */
                timeout?: string;
            };
            /** @description What an editor keeps beside the graph: groups, comments, what is folded. Any members, up to 256 KiB; runs do not see it. */
            ui?: Record<string, unknown>;
            /** @description The flow's constants, in expressions as vars.<name>. */
            vars?: Record<string, unknown>;
        };
        NewGuardrail: {
            /** @description Only calls with these keys (key_…) */
            api_keys?: string[];
            /**
             * @description Requests, answers or both; left out: both, of a schema output
             * @enum {string}
             */
            direction?: "input" | "output" | "both";
            /** @description Left out: true */
            enabled?: boolean;
            /** @description Only calls of these flows, and of these flows as models */
            flows?: string[];
            /** @description Only calls of these models, as the caller names them or as they answer; * stands for anything. Empty: all */
            models?: string[];
            name: string;
            /** @description The least is asked first; left out: 100 */
            position?: number;
            /** @description Only calls in these projects */
            projects?: string[];
            /** @description {type: pattern, pattern, action, replacement, window} | {type: detect, kinds, action, replacement, window} | {type: size, max_characters, max_messages} | {type: tools, allow} | {type: schema, schema, repair} */
            rule: {
                /** @enum {string} */
                type: "pattern" | "detect" | "size" | "tools" | "schema";
            };
        };
        NewInvitation: {
            email: string;
            role: string;
        };
        NewModelLimit: {
            /** @description Counts calls of these models alone: a name, or a beginning and * */
            model?: string | null;
            /** @description These alone may be called: names of models or routes, or beginnings and *: gpt-*, anthropic/* */
            models?: string[] | null;
            requests_per_minute?: number | null;
            scope: {
                /** @description A name (project, agent, flow, model) or an id (api_key, user); empty for workspace */
                id?: string;
                /** @enum {unknown} */
                type: "workspace" | "project" | "agent" | "flow" | "api_key" | "user" | "model";
            };
            /** @description Input and output together */
            tokens_per_minute?: number | null;
        };
        NewModelRoute: {
            /** @description Over all targets, before the first byte; 3 when left out */
            max_attempts?: number;
            /**
             * @description Which target is tried first: the first, one by chance and weight, or the quickest of late; the others follow when it fails
             * @enum {string}
             */
            strategy?: "priority" | "weighted" | "latency";
            targets: {
                model: string;
                weight?: number;
            }[];
        };
        NewName: {
            /** @description Lower-case letters, digits, '-', '_' and '.' */
            name: string;
        };
        NewOwner: {
            /** @description What the refresh token is bound to; default: the header User-Agent */
            client?: string;
            email: string;
            name: string;
            /** @description 12 to 128 characters */
            password: string;
            /** @description Of the link that the start printed */
            token: string;
        };
        NewPin: {
            /** @description Any JSON up to 1 MiB: what the node gives in runs of drafts. */
            output: unknown;
        };
        NewProvider: {
            /** @description Never given back; left out of a change: as it is */
            api_key?: string;
            /** @description Left out: the vendor's own; may be an internal address */
            base_url?: string;
            enabled?: boolean;
            /** @description Empty: any model of the vendor, as name/id */
            models?: components["schemas"]["ProviderModel"][];
            /** @description Models are called by id, or as name/id */
            name: string;
            /** @description Of some types: region and control_url (bedrock; where models are listed), api_version (azure_openai) */
            settings?: Record<string, unknown>;
            /** @enum {string} */
            type: "anthropic" | "azure_openai" | "bedrock" | "gemini" | "openai" | "openai_compatible";
        };
        NewRole: {
            description?: string;
            /** @description Lower-case letters, digits, '-', '_' and '.' */
            name: string;
            permissions: string[];
        };
        NewRoot: {
            /** @description A file with the new root, mode 0400 */
            key_file?: string;
            /** @description What the new root is made from */
            passphrase?: string;
        };
        NewSavedView: {
            name: string;
            /** @description runs, dead-letters, … */
            page: string;
            /** @description The page's search parameters, as in its address */
            search: string;
            /** @description Everybody in the workspace sees it; default false */
            shared?: boolean;
        };
        NewSecret: {
            bindings?: components["schemas"]["SecretBindings"];
            description?: string;
            /** @description Letters, digits and underscores */
            name: string;
            /** @description Never given back */
            value: string;
        };
        NewUser: {
            email: string;
            name: string;
            /** @description 12 to 128 characters */
            password: string;
            /** @description In the request's workspace; default owner */
            role?: string;
        };
        NodeType: {
            category: string;
            /** @description JSON Schema, draft 7. */
            config_schema: Record<string, unknown>;
            default_timeout?: string | null;
            /** @description Markdown. */
            doc: string;
            /** @enum {unknown} */
            effect: "pure" | "safe" | "keyed" | "unsafe";
            effect_depends_on_config?: boolean;
            /** @description A config, and for pure types an input and the output it gives. */
            example: unknown;
            has_ports?: boolean;
            /** @enum {unknown} */
            kind: "compute" | "task" | "map" | "loop" | "timer" | "signal";
            name: string;
            title: string;
        };
        NodeTypeList: {
            items: components["schemas"]["NodeType"][];
            next_cursor: null;
        };
        OneTimeCode: {
            code: string;
        };
        OneTimeLink: {
            expires_in: string;
            /** @description To be opened in a browser on this server's address, once */
            path: string;
        };
        OpenApiDocument: Record<string, unknown>;
        OpenInvitation: {
            email: string;
            expires_at: string;
            /** @description Sign in with that account, then accept */
            has_account: boolean;
            role: string;
            workspace: {
                id?: string;
                name?: string;
            };
        };
        Overview: {
            /** @description What a person should look at, the most urgent first */
            attention: {
                action?: string;
                budget_id?: string;
                count?: number;
                failed?: number;
                flow?: {
                    id?: string;
                    name?: string;
                };
                held_usd?: string;
                /** @enum {string} */
                kind: "unknown_steps" | "queue_paused" | "queue_draining" | "queue_stuck" | "flow_failing" | "budget_approval" | "budget_near" | "dead_letters";
                last_at?: string;
                last_run_id?: string;
                limit_usd?: string;
                oldest_ready_at?: string;
                project?: string;
                queue?: string;
                queued?: number;
                resets_at?: string | null;
                scope?: {
                    id?: string;
                    type?: string;
                };
                spent_usd?: string;
                used_percent?: number;
                window?: string;
            }[];
            bucket_ms: number;
            from: string;
            latest_runs: components["schemas"]["Run"][];
            queues: components["schemas"]["Queue"][];
            runs: {
                buckets: {
                    at: string;
                    counts: {
                        [key: string]: number;
                    };
                }[];
                complete: boolean;
                counted_from: string;
                totals: {
                    [key: string]: number;
                };
            };
            /** @description Null without spend:read */
            spend: {
                buckets?: {
                    at?: string;
                    calls?: number;
                    cost_usd?: string;
                    input_tokens?: number;
                    output_tokens?: number;
                }[];
                complete?: boolean;
                counted_from?: string;
                totals?: {
                    calls?: number;
                    cost_usd?: string;
                    input_tokens?: number;
                    output_tokens?: number;
                };
            } | null;
            /** @description How long attempts of steps took that call something; null for a caller who sees a part of the workspace */
            steps: {
                buckets?: {
                    at: string;
                    count: number;
                    p50_ms: number | null;
                    p95_ms: number | null;
                }[];
                /** @description The start of the process, where that is later than `from` */
                counted_from?: string;
            } | null;
            tiles: {
                /** @description Nothing but failed and running is counted further than this */
                at_most: number;
                /** @description Open ones */
                dead_letters: number;
                /** @description Runs of the window that failed or timed out */
                failed: number;
                paused: number;
                queued: number;
                running: number;
                /** @description Of them: a person decides */
                unknown_steps: number;
                waiting: number;
            };
            to: string;
        };
        PasswordChange: {
            /** @description 12 to 128 characters */
            new_password: string;
            /** @description The present one */
            password: string;
        };
        PasswordReset: {
            /** @description 12 to 128 characters */
            password: string;
            token: string;
        };
        PersonSession: {
            address?: string;
            client: string;
            created_at: string;
            /** @description This request's own */
            current: boolean;
            /** @description When it is over without further use */
            ends_at: string;
            id: string;
            last_used_at: string;
        };
        Pin: {
            node: string;
            /** @description Not in lists. */
            output?: unknown;
            /** @description Of the output as JSON. */
            size_bytes: number;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
        };
        PinList: {
            items: components["schemas"]["Pin"][];
            next_cursor: null;
        };
        /** @description An error as RFC 9457 describes it. */
        Problem: {
            /** @description The last part of the type. */
            code?: string;
            /** @description What is wrong and what to do next. */
            detail?: string;
            /** @description The mistakes in the body, each with a JSON pointer. */
            errors?: {
                message: string;
                pointer: string;
            }[];
            /** @description Names this request in the server's log. */
            request_id?: string;
            /** @description The HTTP status. */
            status: number;
            /** @description The kind of error. */
            title: string;
            /** @description A stable name, "urn:sluice:problem:" and the code. */
            type: string;
        };
        Project: {
            created_at: string;
            id: string;
            name: string;
        };
        ProjectList: {
            items: components["schemas"]["Project"][];
            next_cursor: string | null;
        };
        ProjectRole: {
            /** @description Name or id */
            project: string;
            role: string;
        };
        Provider: {
            base_url?: string;
            created_at?: string;
            created_by?: string;
            enabled: boolean;
            has_key?: boolean;
            id: string;
            models: components["schemas"]["ProviderModel"][];
            name: string;
            settings?: Record<string, unknown>;
            type: string;
            updated_at?: string;
        };
        ProviderCheck: {
            /** @description What is wrong and what to do */
            message: string;
            /** @description Models of the provider's row that it does not list */
            missing?: string[];
            /** @description What it lists; null: it told no list */
            models?: string[] | null;
            /** @description Null: there is no list to ask for, and nothing was checked */
            ok: boolean | null;
            provider: string;
            status?: number | null;
            took_ms?: number;
        };
        ProviderHealth: {
            answered?: number;
            failed?: number;
            last_error?: {
                at?: string;
                message?: string;
            } | null;
            /** @description To the first byte, of the answered calls in the window */
            latency_ms?: number | null;
            /** @description Those that were called since the start */
            models: Record<string, unknown>[];
            provider: string;
            retry_at?: string | null;
            since?: string | null;
            /**
             * @description The worst of its models: closed, calls go to it; open, left for the end after failures; half_open, the next call tries it
             * @enum {string}
             */
            state: "closed" | "open" | "half_open";
            /** @description Null: no call in the window */
            success_rate?: number | null;
            window?: string;
        };
        ProviderList: {
            items: components["schemas"]["Provider"][];
            next_cursor: string | null;
        };
        ProviderModel: {
            cache_read_usd_per_million?: string | number | null;
            cache_write_usd_per_million?: string | number | null;
            context_window?: number | null;
            /** @description As the provider calls it */
            id: string;
            /** @description Of a million input tokens; left out: the catalogue's price */
            input_usd_per_million?: string | number | null;
            /** @enum {string} */
            kind?: "chat" | "embedding";
            max_output_tokens?: number | null;
            output_usd_per_million?: string | number | null;
        };
        Queue: {
            /** @description Runs whose run_at has not come */
            delayed?: number;
            draining: boolean;
            name: string;
            /** @description Since when the longest waiting queued run could have started */
            oldest_ready_at?: string | null;
            paused: boolean;
            /** @description Runs that could start, but for a limit or their turn */
            queued: number;
            /** @description Runs that are under way */
            running: number;
            /** @description Runs that wait outside of memory for a timer, a signal or a person */
            waiting?: number;
            /** @description Runs that the workspace starts in its turn; default 1 */
            weight?: number;
        };
        QueueChange: {
            /** @description Runs that the workspace starts in its turn */
            weight: number;
        };
        QueueList: {
            items?: components["schemas"]["Queue"][];
            next_cursor?: string | null;
        };
        Reason: {
            reason?: string;
        };
        Reauthenticate: {
            otp?: string;
            password: string;
        };
        RecoveryCodes: {
            /** @description Each works once; shown once */
            recovery_codes: string[];
        };
        RedriveDeadLetter: {
            /** @description Instead of the run's input */
            input?: unknown;
            /** @description A version of the flow, or "live"; default: the run's */
            version?: number | string;
        };
        RedrivenDeadLetter: {
            dead_letter?: components["schemas"]["DeadLetter"];
            run_id?: string;
        };
        Refresh: {
            /** @description What the refresh token is bound to; default: the header User-Agent */
            client?: string;
            refresh_token: string;
        };
        ReplayReport: {
            computed?: number;
            divergence: {
                computed?: Record<string, unknown> | null;
                message?: string;
                recorded?: Record<string, unknown> | null;
                seq?: number;
                step?: string;
            } | null;
            ended?: boolean;
            entries: number;
            from_outside?: number;
            run_id: string;
            same: boolean;
            unchecked?: number;
        };
        Rerun: {
            /** @description The path of a step: it and all after it are done again, the rest is reused */
            from?: string;
            /** @description Another input */
            input?: unknown;
            /** @description Other outputs of finished steps by path; what comes after them is done again */
            outputs?: Record<string, unknown>;
            /** @description A version of the flow, "live", or "recorded" (default): the one of the run */
            version?: number | string;
        };
        ResolveUnknown: {
            /** @description USD, a decimal with at most nine places, without an exponent */
            cost_usd: string | number;
            /** @description Where it is known from */
            reason: string;
        };
        /** @description The times when every attempt fails at once and no answer asks to wait longer (Retry-After). */
        RetryPreview: {
            attempts: {
                attempt: number;
                /** @description false: with long delays max_elapsed cuts this attempt off. */
                certain?: boolean;
                /**
                 * @description After the failure of the attempt before, without jitter.
                 * @example 2s
                 */
                delay: string;
                /** @description Since the first attempt began, with the shortest delays. */
                earliest: string;
                /** @description The same without jitter. */
                elapsed: string;
                /** @description The same with the longest delays. */
                latest: string;
            }[];
            node: string;
            /** @description Of the node's retry, into the document. */
            pointer: string;
            /** @description From the beginning of the first attempt to that of the last, without jitter. */
            total: string;
        };
        Role: {
            built_in: boolean;
            created_at?: string;
            created_by?: string;
            description?: string;
            /** @description Null: a role that every workspace has */
            id: string | null;
            name: string;
            permissions: string[];
            updated_at?: string;
        };
        RoleChange: {
            description?: string;
            /** @description All of them */
            permissions?: string[];
        };
        RoleList: {
            items: components["schemas"]["Role"][];
            next_cursor: string | null;
        };
        Run: {
            created_at: string;
            error?: components["schemas"]["RunError"];
            finished_at?: string | null;
            flow: {
                id?: string;
                name?: string;
                version?: number;
            };
            id: string;
            /** @description The caller lacks runs:data: output and the error's message are null */
            masked?: boolean;
            /** @description Of a run that succeeded */
            output?: unknown;
            /** @description The run it came from: of a rerun, a sub-run, an error flow's run */
            parent_run_id?: string | null;
            project?: string;
            started_at?: string | null;
            /** @description Who started it: api_key, user, session, local; run (another one), bulk_action. Null: not kept */
            started_by?: {
                id?: string;
                kind?: string;
            } | null;
            status: components["schemas"]["RunStatus"];
            totals?: {
                cost_usd?: string;
                input_tokens?: number;
                output_tokens?: number;
                simulated?: boolean;
                steps?: number;
            };
            trigger?: string;
        };
        RunDiff: {
            input?: Record<string, unknown>;
            runs: Record<string, unknown>[];
            /** @description Steps that do not differ */
            same: number;
            steps: {
                /** @enum {string} */
                change: "only_in_first" | "only_in_second" | "changed";
                fields?: string[];
                first?: Record<string, unknown> | null;
                output?: Record<string, unknown>;
                path: string;
                second?: Record<string, unknown> | null;
            }[];
            /** @description More steps differ than are listed */
            truncated: boolean;
        };
        RunError: {
            attempt?: number;
            code?: string;
            message?: string;
            step?: string;
        } | null;
        RunEventList: {
            items?: {
                at: string;
                attempt?: number;
                data?: Record<string, unknown>;
                kind: string;
                path?: string;
                seq: number;
                value?: unknown;
                value_bytes?: number;
            }[];
        };
        RunHistogram: {
            /** @description The length of a bucket; the last one may be shorter */
            bucket_ms: number;
            buckets: {
                at: string;
                /** @description By status; what is not there is 0 */
                counts: {
                    [key: string]: number;
                };
            }[];
            complete: boolean;
            /** @description Buckets before it are not counted where complete is false */
            counted_from: string;
            from: string;
            to: string;
            totals: {
                [key: string]: number;
            };
        };
        RunInput: {
            input?: unknown;
        };
        RunList: {
            items?: components["schemas"]["Run"][];
            next_cursor?: string | null;
            /** @description Only where the search ended before the page was full: how far back it looked */
            searched_to?: string;
        };
        RunOutput: {
            output?: unknown;
        };
        RunState: {
            id: string;
            status: components["schemas"]["RunStatus"];
        };
        /** @enum {string} */
        RunStatus: "queued" | "running" | "waiting" | "paused" | "succeeded" | "failed" | "cancelled" | "timed_out";
        RunWhy: {
            by?: string;
            /** @enum {string} */
            code: "queued" | "being_read_back" | "paused" | "rolling_back" | "running" | "unknown_step" | "waiting_signal" | "waiting_retry" | "waiting_timer" | "succeeded" | "failed" | "cancelled" | "timed_out";
            dead_letters?: string[];
            error?: components["schemas"]["RunError"];
            next: string[];
            open_steps?: number;
            queue?: Record<string, unknown>;
            run_id: string;
            since?: string;
            status: components["schemas"]["RunStatus"];
            steps?: {
                attempt?: number;
                code: string;
                error?: components["schemas"]["RunError"];
                key?: string;
                path: string;
                signal?: string;
                status: string;
                text: string;
                until?: string;
            }[];
            text: string;
            until?: string;
        };
        SavedView: {
            created_at?: string;
            /** @description For If-Match */
            etag: string;
            id: string;
            name: string;
            /** @description The caller made it */
            own: boolean;
            /** @description The id of who made it */
            owner: string;
            page: string;
            search: string;
            shared: boolean;
            updated_at?: string;
        };
        SavedViewChange: {
            name: string;
            /** @description The page's search parameters, as in its address */
            search: string;
            /** @description Everybody in the workspace sees it; default false */
            shared?: boolean;
        };
        SavedViewList: {
            items: components["schemas"]["SavedView"][];
            next_cursor: null;
        };
        SecondFactorAnswer: {
            challenge: string;
            /** @description What the refresh token is bound to; default: the header User-Agent */
            client?: string;
            otp: string;
        };
        SecondFactorEnd: {
            /** @description A code, or a recovery code */
            otp: string;
            /** @description Of who has one */
            password?: string;
        };
        SecondFactorStatus: {
            confirmed_at: string | null;
            enabled: boolean;
            recovery_codes_left: number;
            /** @description Names of the person's workspaces */
            required_by: string[];
        };
        Secret: {
            bindings: components["schemas"]["SecretBindings"];
            created_at?: string;
            created_by?: string;
            description?: string;
            id: string;
            name: string;
            /** @description Until then the version before is kept */
            previous_ends_at?: string | null;
            updated_at?: string;
            /** @description Of the value in use, from 1 */
            version: number;
        };
        SecretBindings: {
            /** @description Whether everybody who writes flows may use it */
            developers?: boolean;
            /** @description Names; empty: every flow of the workspace */
            flows?: string[];
            /** @description Where the value may be sent: api.example.com, *.example.com, host:port, or * for any; empty: nowhere */
            hosts?: string[];
            /** @description Empty: every node type that has a place for secrets */
            node_types?: string[];
        };
        SecretEdit: {
            bindings?: components["schemas"]["SecretBindings"];
            description?: string;
        };
        SecretKeyRotation: {
            key_version: number;
            /** @description Values whose data keys were wrapped anew */
            rewrapped: number;
        };
        SecretList: {
            items: components["schemas"]["Secret"][];
            next_cursor: string | null;
        };
        SecretValue: {
            /** @description Never given back */
            value: string;
        };
        SendSignal: {
            /** @description Correlation key: a wait with a key takes only signals with the same */
            key?: string;
            /** @description Any JSON; the step's output has it */
            payload?: unknown;
        };
        SessionList: {
            items: components["schemas"]["PersonSession"][];
            next_cursor: string | null;
        };
        Setup: {
            /** @description Nobody has an account yet */
            needed: boolean;
        };
        SignedIn: {
            /** @description Authorization: Bearer, for 15 minutes */
            access_token: string;
            /** @description Seconds */
            expires_in: number;
            /** @description Not for a browser's page, which has its cookie */
            refresh_token?: string;
            session: components["schemas"]["PersonSession"];
            token_type: string;
            user: {
                email?: string;
                id?: string;
                name?: string;
            };
            workspaces: {
                id?: string;
                name?: string;
                role?: string;
            }[];
        };
        SingleSignOn: {
            enabled: boolean;
            name?: string;
            /** @description Where the browser begins */
            path?: string;
        };
        SpendList: {
            items: components["schemas"]["SpendRow"][];
            next_cursor: string | null;
        };
        SpendRow: {
            agent?: string;
            api_key_id?: string;
            /** @description When it was settled */
            at: string;
            attempts?: number;
            cost_usd: string;
            door?: string;
            duration?: string;
            error?: string | null;
            /** @description Counted here, not by the provider */
            estimated?: boolean;
            first_token?: string | null;
            flow?: string;
            /** @description Rules that found something: rule, direction, kind, action, count */
            guardrails?: Record<string, unknown>[] | null;
            held_usd?: string;
            id: string;
            kind?: string;
            model?: string;
            /** @description The same by the names of OpenTelemetry's GenAI conventions */
            otel?: Record<string, unknown>;
            price_version?: string;
            project?: string;
            provider?: string;
            /** @description As the provider sent it */
            raw_usage?: unknown;
            /** @description The provider's */
            request_id?: string;
            requested_model?: string;
            /** @description The targets that were tried */
            route?: unknown;
            run_id?: string;
            session?: string;
            /** @enum {unknown} */
            status: "ok" | "failed" | "aborted" | "unknown" | "cached" | "refused";
            step?: string;
            streamed?: boolean;
            tags?: string[];
            tool_uses?: unknown;
            /** @description Tokens */
            usage?: {
                cache_read?: number;
                cache_write_1h?: number;
                cache_write_5m?: number;
                input_uncached?: number;
                output_reasoning?: number;
                output_visible?: number;
            };
            user_id?: string;
        };
        SpendSum: {
            cached_tokens?: number;
            calls: number;
            cost_usd: string;
            /** @description With those aborted and unknown */
            failed?: number;
            /** @description With those from and into caches */
            input_tokens?: number;
            /** @description Empty: none; of day and hour when it begins (UTC) */
            key: string;
            output_tokens?: number;
        };
        SpendSummary: {
            by: string;
            from: string;
            items: components["schemas"]["SpendSum"][];
            to: string;
            /** @description Of the items; null by tag, where a call may be in several */
            total: Record<string, unknown> | null;
        };
        /** @description Since the start of the process; each figure is an upper bound, one below a power of two */
        Spread: {
            count: number;
            max: number;
            p50: number;
            p99: number;
        };
        StartedRun: {
            /** @description false: the flow keeps no record of its runs */
            durable?: boolean;
            error?: components["schemas"]["RunError"];
            id: string;
            /** @description With ?wait, once the run has ended */
            output?: unknown;
            status: components["schemas"]["RunStatus"];
        };
        StartRun: {
            /** @description Instead of run_at: a duration from now, such as 10m */
            delay?: string;
            /** @description What the flow is given; any JSON, judged by its input_schema */
            input?: unknown;
            /** @description A node: only it runs, over the sample outputs of those before it */
            only?: string;
            /** @description Sample outputs by node: it is not executed */
            pins?: Record<string, unknown>;
            /** @description 1 (first) to 5 (last); default: the flow's */
            priority?: number;
            /** @description Not before this time, in RFC 3339 */
            run_at?: string;
            /** @description A node: only it and what leads to it run */
            until?: string;
            /** @description Take the flow's pinned sample outputs; default: for drafts */
            use_pins?: boolean;
            /** @description The number of a version of the flow, or "draft" for the caller's draft; default: the live one */
            version?: number | string;
        };
        Step: {
            artifacts?: string[];
            attempts?: number;
            /** @description Of a container: the steps of its body, over all items or turns, by status */
            children?: {
                [key: string]: number;
            };
            error?: components["schemas"]["RunError"];
            finished_at?: string | null;
            items?: number;
            node: string;
            output_bytes?: number;
            path: string;
            /** @description Taken over, not executed */
            reused?: boolean;
            started_at?: string | null;
            /** @enum {string} */
            status: "pending" | "ready" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled" | "timed_out" | "unknown";
            type: string;
            usage?: Record<string, unknown>;
            waiting_for?: Record<string, unknown>;
            waiting_until?: string;
        };
        StepList: {
            items?: components["schemas"]["Step"][];
            total?: number;
        };
        StepValue: {
            attempt?: number;
            error?: components["schemas"]["RunError"];
            output?: unknown;
            path?: string;
        };
        SystemState: {
            /** @description Processor time of the process since its start */
            cpu_seconds?: number;
            disk?: {
                free_bytes?: number | null;
                /** @description Below it new work is refused */
                min_free_bytes?: number;
            };
            engine?: Record<string, unknown>;
            http?: {
                connections?: number;
                errors?: number;
                live_streams?: number;
                requests?: number;
            };
            last_backup?: {
                blob_bytes?: number;
                created_at?: string;
                database_bytes?: number;
                /** @description With system:write alone */
                path?: string;
            } | null;
            loop?: {
                delay_us?: components["schemas"]["Spread"];
            };
            memory_bytes?: number;
            providers?: Record<string, unknown>[];
            schema_version?: number;
            started_at?: string;
            storage?: Record<string, unknown>;
            uptime_seconds?: number;
            url?: string | null;
            vault?: Record<string, unknown>;
            version?: string;
            writer?: {
                batch_units?: components["schemas"]["Spread"];
                commit_us?: components["schemas"]["Spread"];
                queued?: number;
                /** @description Why new work is refused */
                reason?: string | null;
                saturated?: boolean;
            };
        };
        UnknownSpend: {
            /** @description Counted as spent */
            amount_usd: string;
            /** @description When the server found it, at its start */
            at: string;
            budget_id: string;
            id: string;
            period_start?: string;
            reason?: string | null;
            resolved_by?: string | null;
            /** @description What it really was; null: open */
            resolved_usd?: string | null;
        };
        UnknownSpendList: {
            items: components["schemas"]["UnknownSpend"][];
            next_cursor: null;
        };
        Unseal: {
            passphrase?: string;
        };
        User: {
            created_at?: string;
            email: string;
            id: string;
            joined_at: string;
            last_sign_in_at?: string | null;
            name: string;
            project_roles?: components["schemas"]["ProjectRole"][];
            role: string;
            /** @enum {string} */
            status: "active" | "disabled";
        };
        UserChange: {
            /** @description All of them; what is not named is taken away */
            project_roles?: components["schemas"]["ProjectRole"][];
            role?: string;
            /** @enum {string} */
            status?: "active" | "disabled";
        };
        UserList: {
            items: components["schemas"]["User"][];
            next_cursor: string | null;
        };
        ValidationMistake: {
            message: string;
            /** @description JSON pointer into the document. */
            pointer: string;
        };
        ValidationResult: {
            errors: components["schemas"]["ValidationMistake"][];
            /** @description When the attempts of the nodes with a retry policy begin; empty while there are errors. */
            retries: components["schemas"]["RetryPreview"][];
            /** @description Nodes with retries beyond 20,000 attempts in one answer. */
            retries_left_out?: number;
            valid: boolean;
            warnings: components["schemas"]["ValidationMistake"][];
        };
        VaultStatus: {
            file?: string | null;
            keys?: number;
            /** @description credential, key_file or passphrase */
            origin: string | null;
            /** @description Why it is sealed, and what opens it */
            reason: string | null;
            /** @description Id of the root key */
            root: string | null;
            sealed: boolean;
        };
        Workspace: {
            created_at: string;
            id: string;
            name: string;
            /** @description Its members must have one */
            require_second_factor?: boolean;
        };
        WorkspaceChange: {
            /** @description Members without one can do nothing but set one up */
            require_second_factor: boolean;
        };
        WorkspaceList: {
            items: components["schemas"]["Workspace"][];
            next_cursor: string | null;
        };
    };
    responses: never;
    parameters: {
        /** @description The same key with the same body gets the first answer again. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_api_keys: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_api_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiKey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_api_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_api_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_api_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_artifacts: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description Only those that this run made */
                run?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_artifacts: {
        parameters: {
            query?: {
                /** @description The file's name */
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "*/*": unknown;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_artifacts_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_artifacts_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_artifacts_id_content: {
        parameters: {
            query?: {
                /** @description A part of it: at most so many bytes */
                limit?: number;
                /** @description A part of it: from this byte on, answered with 206 and Content-Range */
                offset?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit: {
        parameters: {
            query?: {
                /** @description Only this action, such as flows.create; flows.* for all that begin so */
                action?: string;
                /** @description Only entries of this actor (an id) */
                actor?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description done, denied or failed */
                outcome?: string;
                /** @description instance: every workspace, for the owner of the machine */
                scope?: string;
                /** @description At or after this time */
                since?: string;
                /** @description Only entries about this object */
                target?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit_export: {
        parameters: {
            query?: {
                /** @description Only this action, such as flows.create; flows.* for all that begin so */
                action?: string;
                /** @description Only entries of this actor (an id) */
                actor?: string;
                /** @description jsonl (default) or csv */
                format?: string;
                /** @description done, denied or failed */
                outcome?: string;
                /** @description instance: every workspace, for the owner of the machine */
                scope?: string;
                /** @description At or after this time */
                since?: string;
                /** @description Only entries about this object */
                target?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_audit_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditReport"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_invitations_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenInvitation"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_invitations_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acceptance"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_links: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginLink"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_login_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecondFactorAnswer"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_oidc: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SingleSignOn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_reauthenticate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reauthenticate"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_reset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_auth_sessions_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setup"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_setup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOwner"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactorStatus"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolment"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp_confirm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OneTimeCode"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp_disable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecondFactorEnd"];
            };
        };
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_totp_recovery_codes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_budgets: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description Only budgets of this name or id */
                scope_id?: string;
                /** @description Only budgets of this type of scope */
                scope_type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_budgets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBudget"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_budgets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_budgets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BudgetChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_budgets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_budgets_id_forecast: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetForecast"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_budgets_id_raise: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BudgetRaise"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_budgets_id_unknown: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnknownSpendList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_budgets_unknown_unknown_id_resolve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                unknown_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveUnknown"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnknownSpend"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bulk_actions: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description 1 to 200, default 50 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkActionList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bulk_actions_id: {
        parameters: {
            query?: {
                /** @description Wait for the end up to this long */
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAction"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_bulk_actions_id_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAction"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_bulk_actions_id_items: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description 1 to 200, default 50 */
                limit?: number;
                /** @description failed: only objects to which it could not be done */
                result?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkItemList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_content_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentPolicy"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_content_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewContentPolicy"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentPolicy"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_dead_letters: {
        parameters: {
            query?: {
                /** @description Only those with this error code */
                code?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description Only those of this flow (its id) */
                flow?: string;
                /** @description 1 to 200, default 50 */
                limit?: number;
                /** @description Made at or after this time */
                since?: string;
                /** @description open, redriven or discarded */
                state?: string;
                /** @description Made before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_dead_letters_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetail"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_dead_letters_id_discard: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiscardDeadLetter"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_dead_letters_id_redrive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedriveDeadLetter"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedrivenDeadLetter"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_dead_letters_groups: {
        parameters: {
            query?: {
                /** @description Only those with this error code */
                code?: string;
                /** @description Only those of this flow (its id) */
                flow?: string;
                /** @description Made at or after this time */
                since?: string;
                /** @description open (default), redriven or discarded */
                state?: string;
                /** @description Made before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterGroupList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_dead_letters_redrive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRedrive"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAnswer"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_events: {
        parameters: {
            query?: {
                /** @description Of the list: next_cursor of the page before */
                cursor?: string;
                /** @description Of the list: how many, at most 200; default 50 */
                limit?: number;
                /** @description A stream goes on after this id; Last-Event-ID does the same */
                resume_from?: number;
                /** @description What a stream follows: events (default) or run/<run id> */
                topic?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_events_number: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_expressions_functions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpressionFunctionList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_expressions_preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExpressionPreview"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExpressionValue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description 1 to 200; 50 */
                limit?: number;
                /** @description The flow of this name only */
                name?: string;
                /** @description Flows of one project only */
                project?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_flows: {
        parameters: {
            query?: {
                /** @description false: make the version without moving `live` to it */
                live?: boolean;
                /** @description What the version is for; shown in the list of versions */
                note?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFlow"];
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id: {
        parameters: {
            query?: {
                /** @description Default: the live version, else the latest */
                version?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_flows_id: {
        parameters: {
            query?: {
                /** @description false: make the version without moving `live` to it */
                live?: boolean;
                /** @description What the version is for; shown in the list of versions */
                note?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFlow"];
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_flows_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_diff: {
        parameters: {
            query?: {
                /** @description A version */
                from?: number;
                /** @description Another version */
                to?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowDiff"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_draft: {
        parameters: {
            query?: {
                /** @description true: 204 where there is no draft, for who only looks whether there is one */
                optional?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowDraft"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_flows_id_draft: {
        parameters: {
            query?: {
                /** @description The version that was edited; default: as before, for a new draft the live version */
                based_on?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftDocument"];
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowDraft"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_flows_id_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_flows_id_draft_publish: {
        parameters: {
            query?: {
                /** @description true: publish although the live version is newer than the draft's base */
                force?: boolean;
                /** @description false: make the version without moving `live` to it */
                live?: boolean;
                /** @description As in the body */
                note?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftPublication"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_export: {
        parameters: {
            query?: {
                /** @description json (default) or yaml */
                format?: string;
                /** @description Default: the live version, else the latest */
                version?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewFlow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_flows_id_live: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LiveVersion"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_pins: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PinList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_pins_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                node: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pin"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_flows_id_pins_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                node: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPin"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pin"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_flows_id_pins_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                node: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_flows_id_runs: {
        parameters: {
            query?: {
                /** @description Wait for the end up to this long ("30s", at most 10m); then 200 with the output, else 202 */
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRun"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedRun"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_versions: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description 1 to 200; 50 */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowVersionList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_flows_id_versions_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FlowVersion"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_flows_import: {
        parameters: {
            query?: {
                /** @description false: make the version without moving `live` to it */
                live?: boolean;
                /** @description What the version is for; shown in the list of versions */
                note?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFlow"];
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_flows_validate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFlow"];
                "application/yaml": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ValidationResult"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_guardrails: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardrailList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_guardrails: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGuardrail"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Guardrail"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_guardrails_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Guardrail"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_guardrails_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGuardrail"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Guardrail"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_guardrails_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_invitations: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_invitations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewInvitation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_invitations_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_invitations_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_limits: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description Only limits of this name or id */
                scope_id?: string;
                /** @description Only limits of this type of scope */
                scope_type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelLimitList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_model_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewModelLimit"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelLimit"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_limits_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelLimit"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_model_limits_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelLimitChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelLimit"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_model_limits_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_routes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRouteList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_routes_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRoute"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_model_routes_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewModelRoute"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRoute"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_model_routes_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_models: {
        parameters: {
            query?: {
                /** @description With the prices of this time (RFC 3339); default: now */
                at?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description Only models of this provider */
                provider?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_models_import: {
        parameters: {
            query?: {
                /** @description Only says what would be added */
                dry_run?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelCatalogue"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelImport"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_models_prices: {
        parameters: {
            query?: {
                /** @description The model's id or an alias */
                model?: string;
                /** @description Only of this provider */
                provider?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelPriceList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_node_types: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeTypeList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_node_types_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeType"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_openapi_json: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenApiDocument"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_overview: {
        parameters: {
            query?: {
                /** @description 1h (default): the last hour by minutes; 24h: the last day by hours */
                window?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_playground_compare: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompareModels"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparedModels"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewName"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_projects_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProvider"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_providers_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_providers_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProvider"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_providers_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_providers_id_check: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderCheck"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_providers_id_health: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderHealth"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_queues: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_queues_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_queues_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueueChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_queues_name_drain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_queues_name_jobs: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description 1 to 200, default 50 */
                limit?: number;
                /** @description queued, running or waiting */
                state?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_queues_name_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_queues_name_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Queue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_roles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_roles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRole"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_roles_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_roles_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_roles_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description Only runs of this flow: its id or its name */
                flow?: string;
                /** @description Only runs made at this time (RFC 3339) or later */
                from?: string;
                /** @description 1 to 200, default 50 */
                limit?: number;
                /** @description Only runs that came from this one */
                parent?: string;
                /** @description Only runs of this project */
                project?: string;
                /** @description Text in a run: the beginning or end of its id, a part of its flow's name or error message */
                q?: string;
                /** @description Only runs with this status; several with commas between them */
                status?: string;
                /** @description Only runs made before this time */
                to?: string;
                /** @description Only runs that were started this way: api, flow, rerun, … */
                trigger?: string;
                /** @description Only runs of this version of the flow */
                version?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id: {
        parameters: {
            query?: {
                /** @description "false": without the output, which …/output gives in parts */
                output?: string;
                /** @description Wait for the end up to this long */
                wait?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideStep"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_diff: {
        parameters: {
            query?: {
                /** @description The other run (run_…) */
                with?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDiff"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_events: {
        parameters: {
            query?: {
                /** @description Only events with a greater seq */
                after?: number;
                /** @description 1 to 1000, default 200 */
                limit?: number;
                /** @description "false": without the inputs, outputs and errors that entries hold */
                values?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunEventList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_input: {
        parameters: {
            query?: {
                /** @description A part of that text: at most so many bytes */
                limit?: number;
                /** @description A part of that text: from this byte on, answered with 206 and Content-Range */
                offset?: number;
                /** @description "true": the value's JSON text alone; takes a Range of bytes */
                raw?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunInput"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_output: {
        parameters: {
            query?: {
                /** @description A part of that text: at most so many bytes */
                limit?: number;
                /** @description A part of that text: from this byte on, answered with 206 and Content-Range */
                offset?: number;
                /** @description "true": the value's JSON text alone; takes a Range of bytes */
                raw?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunOutput"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_replay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayReport"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_rerun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rerun"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedRun"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_retry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_id_signals_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendSignal"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_steps: {
        parameters: {
            query?: {
                /** @description 1 to 10000, default 1000 */
                limit?: number;
                /** @description Steps to leave out, default 0 */
                offset?: number;
                /** @description Only steps inside of this container (each) or this item or turn of it (each[17]) */
                parent?: string;
                /** @description Only steps with this text in their path */
                q?: string;
                /** @description Only steps with this status; several with commas between them */
                status?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_steps_path: {
        parameters: {
            query?: {
                /** @description A part of that text: at most so many bytes */
                limit?: number;
                /** @description A part of that text: from this byte on, answered with 206 and Content-Range */
                offset?: number;
                /** @description "true": the value's JSON text alone; takes a Range of bytes */
                raw?: string;
            };
            header?: never;
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepValue"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_id_why: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunWhy"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_runs_bulk: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRuns"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAnswer"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_runs_histogram: {
        parameters: {
            query?: {
                /** @description 1 to 120 parts of the time from `from` (default: a day before `to`) to `to` (default: now); 60 */
                buckets?: number;
                /** @description Only runs of this flow: its id or its name */
                flow?: string;
                /** @description Only runs made at this time (RFC 3339) or later */
                from?: string;
                /** @description Only runs that came from this one */
                parent?: string;
                /** @description Only runs of this project */
                project?: string;
                /** @description Text in a run: the beginning or end of its id, a part of its flow's name or error message */
                q?: string;
                /** @description Only runs with this status; several with commas between them */
                status?: string;
                /** @description Only runs made before this time */
                to?: string;
                /** @description Only runs that were started this way: api, flow, rerun, … */
                trigger?: string;
                /** @description Only runs of this version of the flow */
                version?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunHistogram"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_saved_views: {
        parameters: {
            query?: {
                /** @description Views of this page only */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViewList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_saved_views: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSavedView"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_saved_views_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SavedViewChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_saved_views_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_secrets: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 1000; default 200 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_secrets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSecret"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_secrets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_secrets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretValue"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_secrets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_secrets_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretEdit"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_secrets_rotate_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretKeyRotation"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spend: {
        parameters: {
            query?: {
                /** @description Only calls of this agent */
                agent?: string;
                /** @description Only calls with this key (key_…) */
                api_key?: string;
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description Only calls of this flow */
                flow?: string;
                /** @description Calls that began at or after this time */
                from?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
                /** @description Only calls of this model */
                model?: string;
                /** @description Only calls of this project */
                project?: string;
                /** @description Only calls of this provider */
                provider?: string;
                /** @description Only calls of this run (run_…) */
                run?: string;
                /** @description ok, failed, aborted, unknown, cached or refused */
                status?: string;
                /** @description Calls that began before this time */
                to?: string;
                /** @description Only calls of this person (usr_…) */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spend_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendRow"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spend_id_content: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallContent"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spend_export: {
        parameters: {
            query?: {
                /** @description Only calls of this agent */
                agent?: string;
                /** @description Only calls with this key (key_…) */
                api_key?: string;
                /** @description Only calls of this flow */
                flow?: string;
                /** @description Calls that began at or after this time */
                from?: string;
                /** @description Only calls of this model */
                model?: string;
                /** @description Only calls of this project */
                project?: string;
                /** @description Only calls of this provider */
                provider?: string;
                /** @description Only calls of this run (run_…) */
                run?: string;
                /** @description ok, failed, aborted, unknown, cached or refused */
                status?: string;
                /** @description Calls that began before this time */
                to?: string;
                /** @description Only calls of this person (usr_…) */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spend_summary: {
        parameters: {
            query?: {
                /** @description Only calls of this agent */
                agent?: string;
                /** @description Only calls with this key (key_…) */
                api_key?: string;
                /** @description model (default), provider, project, flow, agent, api_key, user, tag, day or hour */
                by?: string;
                /** @description Only calls of this flow */
                flow?: string;
                /** @description Calls that began at or after this time */
                from?: string;
                /** @description Only calls of this model */
                model?: string;
                /** @description Only calls of this project */
                project?: string;
                /** @description Only calls of this provider */
                provider?: string;
                /** @description Only calls of this run (run_…) */
                run?: string;
                /** @description ok, failed, aborted, unknown, cached or refused */
                status?: string;
                /** @description Calls that began before this time */
                to?: string;
                /** @description Only calls of this person (usr_…) */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendSummary"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_system_backup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBackup"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Backup"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_system_echo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Anything"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Anything"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_system_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_system_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_system_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_system_users_id_reset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneTimeLink"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_system_users_id_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_users: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: string;
                /** @description How many, at most 200; default 50 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; the answer has no body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_vault: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VaultStatus"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_vault_rotate_root: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRoot"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VaultStatus"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_vault_unseal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Unseal"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VaultStatus"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_workspaces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspaceList"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_workspaces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewName"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspace"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_workspaces_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspace"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_workspaces_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkspaceChange"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workspace"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_workspaces_id_egress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EgressRules"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_workspaces_id_egress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEgressRules"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EgressRules"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_link: {
        parameters: {
            query?: {
                /** @description Of the one-time link */
                token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Answer */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_auth_link: {
        parameters: {
            query?: {
                /** @description Of the one-time link */
                token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/x-www-form-urlencoded": unknown;
            };
        };
        responses: {
            /** @description Answer */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_oidc_callback: {
        parameters: {
            query?: {
                /** @description Of the provider, for one use */
                code?: string;
                /** @description Why the provider refused */
                error?: string;
                /** @description The same in words */
                error_description?: string;
                /** @description The provider, where it names itself */
                iss?: string;
                /** @description As it was sent to the provider */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Answer */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_auth_oidc_start: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Answer */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
