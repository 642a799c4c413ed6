#include "sign_in_schemas.hpp"

namespace sluice::identity {

namespace {

#define CLIENT                                                                                              \
    R"json("client": {"type": "string", "minLength": 1, "maxLength": 200,
                      "description": "What the refresh token is bound to; default: the header User-Agent"})json"
#define PASSWORD R"json({"type": "string", "description": "12 to 128 characters"})json"

constexpr NamedSchema sign_in[] = {
    {"Login", R"json({"type": "object", "required": ["email", "password"], "additionalProperties": false, "properties": {
        "email": {"type": "string", "maxLength": 1000}, "password": {"type": "string", "maxLength": 4000},
        "otp": {"type": "string", "maxLength": 100, "description": "The second factor, where one is set up"},
        )json" CLIENT "}}"},
    {"SecondFactorAnswer",
     R"json({"type": "object", "required": ["challenge", "otp"], "additionalProperties": false, "properties": {
        "challenge": {"type": "string", "maxLength": 200}, "otp": {"type": "string", "maxLength": 100}, )json" CLIENT "}}"},
    {"Refresh", R"json({"type": "object", "required": ["refresh_token"], "additionalProperties": false, "properties": {
        "refresh_token": {"type": "string", "maxLength": 1000}, )json" CLIENT "}}"},
    {"Reauthenticate", R"json({"type": "object", "required": ["password"], "additionalProperties": false, "properties": {
        "password": {"type": "string", "maxLength": 4000}, "otp": {"type": "string", "maxLength": 100}}})json"},
    {"PasswordChange",
     R"json({"type": "object", "required": ["password", "new_password"], "additionalProperties": false, "properties": {
        "password": {"type": "string", "maxLength": 4000, "description": "The present one"},
        "new_password": )json" PASSWORD "}}"},
    {"PasswordReset", R"json({"type": "object", "required": ["token", "password"], "additionalProperties": false, "properties": {
        "token": {"type": "string", "maxLength": 200}, "password": )json" PASSWORD "}}"},
    {"Setup", R"json({"type": "object", "required": ["needed"], "properties": {
        "needed": {"type": "boolean", "description": "Nobody has an account yet"}}})json"},
    {"NewOwner",
     R"json({"type": "object", "required": ["token", "email", "password", "name"], "additionalProperties": false, "properties": {
        "token": {"type": "string", "maxLength": 200, "description": "Of the link that the start printed"},
        "email": {"type": "string", "maxLength": 1000}, "name": {"type": "string", "maxLength": 1000},
        "password": )json" PASSWORD ", " CLIENT "}}"},
    {"Acceptance", R"json({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "maxLength": 1000}, )json" CLIENT R"json(,
        "password": )json" PASSWORD "}}"},
    {"OpenInvitation",
     R"json({"type": "object", "required": ["email", "workspace", "role", "expires_at", "has_account"], "properties": {
        "email": {"type": "string"}, "role": {"type": "string"}, "expires_at": {"type": "string"},
        "workspace": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
        "has_account": {"type": "boolean", "description": "Sign in with that account, then accept"}}})json"},
    {"PersonSession",
     R"json({"type": "object", "required": ["id", "client", "created_at", "last_used_at", "ends_at", "current"], "properties": {
        "id": {"type": "string"}, "client": {"type": "string"}, "address": {"type": "string"},
        "created_at": {"type": "string"}, "last_used_at": {"type": "string"},
        "ends_at": {"type": "string", "description": "When it is over without further use"},
        "current": {"type": "boolean", "description": "This request's own"}}})json"},
    {"SessionList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/PersonSession"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"SignedIn",
     R"json({"type": "object", "required": ["access_token", "token_type", "expires_in", "user", "session", "workspaces"], "properties": {
        "access_token": {"type": "string", "description": "Authorization: Bearer, for 15 minutes"},
        "token_type": {"type": "string"}, "expires_in": {"type": "integer", "description": "Seconds"},
        "refresh_token": {"type": "string", "description": "Not for a browser's page, which has its cookie"},
        "user": {"type": "object", "properties": {
            "id": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"}}},
        "session": {"$ref": "#/components/schemas/PersonSession"},
        "workspaces": {"type": "array", "items": {"type": "object", "properties": {
            "id": {"type": "string"}, "name": {"type": "string"}, "role": {"type": "string"}}}}}})json"},
    {"KeySet", R"json({"type": "object", "required": ["keys"], "properties": {
        "keys": {"type": "array", "items": {"type": "object"}}}})json"},
};

constexpr NamedSchema people[] = {
    {"User", R"json({"type": "object", "required": ["id", "email", "name", "role", "status", "joined_at"], "properties": {
        "id": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"}, "role": {"type": "string"},
        "status": {"type": "string", "enum": ["active", "disabled"]},
        "project_roles": {"type": "array", "items": {"$ref": "#/components/schemas/ProjectRole"}},
        "joined_at": {"type": "string"}, "created_at": {"type": "string"},
        "last_sign_in_at": {"type": ["string", "null"]}}})json"},
    {"ProjectRole", R"json({"type": "object", "required": ["project", "role"], "additionalProperties": false, "properties": {
        "project": {"type": "string", "description": "Name or id", "maxLength": 100}, "role": {"type": "string", "maxLength": 100}}})json"},
    {"UserList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"UserChange", R"json({"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
        "role": {"type": "string", "maxLength": 100}, "status": {"type": "string", "enum": ["active", "disabled"]},
        "project_roles": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/ProjectRole"},
                          "description": "All of them; what is not named is taken away"}}})json"},
    {"NewInvitation", R"json({"type": "object", "required": ["email", "role"], "additionalProperties": false, "properties": {
        "email": {"type": "string", "maxLength": 1000}, "role": {"type": "string", "maxLength": 100}}})json"},
    {"Invitation", R"json({"type": "object", "required": ["id", "email", "role", "status", "created_at", "expires_at"], "properties": {
        "id": {"type": "string"}, "email": {"type": "string"}, "role": {"type": "string"},
        "status": {"type": "string", "enum": ["open", "accepted", "revoked", "expired"]},
        "created_by": {"type": "string"}, "created_at": {"type": "string"}, "expires_at": {"type": "string"},
        "path": {"type": ["string", "null"],
                 "description": "The link, on this server's address; in the answer to its creation alone, null in a repeated answer"}}})json"},
    {"InvitationList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Invitation"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"NewUser", R"json({"type": "object", "required": ["email", "name", "password"], "additionalProperties": false, "properties": {
        "email": {"type": "string", "maxLength": 1000}, "name": {"type": "string", "maxLength": 1000},
        "role": {"type": "string", "maxLength": 100, "description": "In the request's workspace; default owner"},
        "password": )json" PASSWORD "}}"},
    {"Account", R"json({"type": "object", "required": ["id", "email", "name", "status"], "properties": {
        "id": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"},
        "status": {"type": "string", "enum": ["active", "disabled"]}, "created_at": {"type": "string"},
        "last_sign_in_at": {"type": ["string", "null"]},
        "workspaces": {"type": "array", "items": {"type": "object"}}}})json"},
    {"AccountList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Account"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"AccountChange", R"json({"type": "object", "required": ["status"], "additionalProperties": false, "properties": {
        "status": {"type": "string", "enum": ["active", "disabled"]}}})json"},
    {"OneTimeLink", R"json({"type": "object", "required": ["path", "expires_in"], "properties": {
        "path": {"type": "string", "description": "To be opened in a browser on this server's address, once"},
        "expires_in": {"type": "string"}}})json"},
};

}  // namespace

std::span<const NamedSchema> sign_in_schemas() { return sign_in; }
std::span<const NamedSchema> people_schemas() { return people; }

}  // namespace sluice::identity
