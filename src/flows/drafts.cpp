// Drafts, the hidden versions that their runs name, and pins.

#include "flows/drafts.hpp"

#include <algorithm>

#include "flows/flows_state.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"

namespace sluice::flows {

// ---- rules ----------------------------------------------------------------------------------------------------------

std::string draft_owner(const Principal& principal) {
    const bool own = principal.kind == Principal::Kind::api_key || principal.kind == Principal::Kind::user;
    return own ? principal.id : "local";
}

// The time of its making is part of it: a draft that was published and begun again is another one.
std::string etag_of(const Draft& draft) { return fmt::format("\"{:x}.{}\"", base::to_us(draft.created_at), draft.revision); }

std::string etag_of(const Pin& pin) { return fmt::format("\"{}\"", pin.content_hash); }

bool is_node_id(std::string_view id) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '-'; };
    if (id.empty() || id.size() > 64 || !letter(id[0])) return false;
    return std::all_of(id.begin(), id.end(), [&](char c) { return letter(c) || other(c); });
}

Result<void> check_match(const Draft& present, const std::optional<std::string>& if_match, std::string_view flow_name) {
    if (!if_match || net::etag_matches(*if_match, etag_of(present))) return {};
    return fail(ErrorCode::precondition_failed,
                "your draft of flow \"{}\" has changed since you read it (its ETag is now {}); read it again and repeat your change",
                flow_name, etag_of(present));
}

Result<void> check_save(const SaveDraft& save, const Draft* present, std::string_view flow_name) {
    if (present == nullptr) {
        if (!save.if_match) return {};
        return fail(ErrorCode::precondition_failed,
                    "you have no draft of flow \"{}\" any more: it was published or discarded; send the document without If-Match "
                    "to begin another",
                    flow_name);
    }
    if (save.only_new)
        return fail(ErrorCode::precondition_failed, "you have a draft of flow \"{}\" already (its ETag is {})", flow_name,
                    etag_of(*present));
    if (!save.if_match)
        return fail(ErrorCode::precondition_required,
                    "you have a draft of flow \"{}\" already; send If-Match with the ETag that you read ({} now), or * to write over "
                    "whatever is there",
                    flow_name, etag_of(*present));
    return check_match(*present, save.if_match, flow_name);
}

Error overtaken_by(const Flow& flow, const Version& live, int based_on) {
    const auto note = live.note.empty() ? std::string() : fmt::format(": \"{}\"", live.note);
    return Error{ErrorCode::conflict,
                 fmt::format("version {} of flow \"{}\" is live, published by {} at {}{}; your draft is based on version {}. Compare "
                             "them with GET /api/v1/flows/{}/diff?from={}&to={}, then save the draft with ?based_on={}, or publish it "
                             "as it is with ?force=true",
                             live.number, flow.name, live.created_by, base::format_time(live.created_at), note, based_on, flow.id,
                             based_on, live.number, live.number),
                 {},
                 false};
}

namespace {

tl::unexpected<Error> no_draft(const Flow& flow) {
    return fail(ErrorCode::not_found,
                "you have no draft of flow \"{}\"; PUT /api/v1/flows/{}/draft with a document makes one, for example with that of "
                "GET /api/v1/flows/{}/export",
                flow.name, flow.id, flow.id);
}

tl::unexpected<Error> no_pin(const Flow& flow, std::string_view node) {
    return fail(ErrorCode::not_found, "node \"{}\" of flow \"{}\" has no pin; GET /api/v1/flows/{}/pins lists those that there are",
                node.substr(0, 80), flow.name, flow.id);
}

}  // namespace

// ---- drafts ---------------------------------------------------------------------------------------------------------

Awaitable<Result<Flows::State::Present>> Flows::State::load_present(WorkspaceId workspace, FlowId id, std::string owner) {
    auto row = co_await existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    auto draft = co_await drafts.load(workspace, id, std::move(owner), types);
    if (!draft) co_return fail(std::move(draft.error()));
    co_return Present{std::move(row->flow), std::move(*draft)};
}

Awaitable<Result<Flows::State::Judged>> Flows::State::judge(Json document) {
    auto job = [this, document = std::move(document)](storage::ReadTx&) -> Result<Judged> {
        auto result = compile_flow(document, types);
        return Judged{base::dump_json(document), std::move(result.errors), std::move(result.warnings)};
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<Draft>> Flows::draft(WorkspaceId workspace, FlowId id, Principal principal) {
    auto present = co_await state_->load_present(workspace, id, draft_owner(principal));
    if (!present) co_return fail(std::move(present.error()));
    if (!present->draft) co_return no_draft(present->flow);
    co_return std::move(present->draft->draft);
}

Awaitable<Result<SavedDraft>> Flows::save_draft(WorkspaceId workspace, FlowId id, Principal principal, SaveDraft save,
                                                AlsoSaveDraft also) {
    if (!save.document.is_object())
        co_return fail(ErrorCode::invalid_argument, "a draft is a flow document: an object with \"name\" and \"nodes\"");
    auto judged = co_await state_->judge(save.document);
    if (!judged) co_return fail(std::move(judged.error()));
    const auto owner = draft_owner(principal);
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto present = co_await state_->load_present(workspace, id, owner);
        if (!present) co_return fail(std::move(present.error()));
        const auto& flow = present->flow;
        const Draft* before = present->draft ? &present->draft->draft : nullptr;
        if (auto fine = check_save(save, before, flow.name); !fine) co_return fail(std::move(fine.error()));
        if (save.based_on && (*save.based_on < 1 || *save.based_on > flow.latest_version)) co_return no_version(flow, *save.based_on);

        SavedDraft saved;
        auto& draft = saved.draft;
        saved.created = before == nullptr;
        draft.flow = id;
        draft.owner = owner;
        draft.live_version = flow.live_version;
        draft.based_on = before ? before->based_on : flow.live_version != 0 ? flow.live_version : flow.latest_version;
        if (save.based_on) draft.based_on = *save.based_on;
        draft.document = save.document;
        draft.errors = judged->errors;
        draft.warnings = judged->warnings;
        const auto now = state_->clock.now();
        draft.created_at = before ? before->created_at : now;
        const bool differs = !before || before->based_on != draft.based_on || present->draft->text != judged->text;
        draft.revision = (before ? before->revision : 0) + (differs ? 1 : 0);
        draft.updated_at = differs ? now : before->updated_at;

        storage::WriteUnit unit;
        auto overtaken = std::make_shared<bool>(false);
        if (also) also(unit, saved);
        if (differs) {
            auto expected = before ? std::optional<Draft>(*before) : std::nullopt;
            DraftStore::append_save(unit, workspace, draft, judged->text, std::move(expected), overtaken);
        }
        if (unit.empty()) co_return saved;
        auto done = co_await state_->storage.submit(std::move(unit));
        if (done) co_return saved;
        if (!*overtaken) co_return fail(std::move(done.error()));
        if (attempt + 1 == most_tries) co_return fail(busy(flow));
    }
    co_return no_flow(id);
}

Awaitable<Result<void>> Flows::discard_draft(WorkspaceId workspace, FlowId id, Principal principal,
                                             std::optional<std::string> if_match, AlsoChange also) {
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto present = co_await state_->load_present(workspace, id, draft_owner(principal));
        if (!present) co_return fail(std::move(present.error()));
        if (!present->draft) co_return no_draft(present->flow);
        const auto& draft = present->draft->draft;
        if (auto fine = check_match(draft, if_match, present->flow.name); !fine) co_return fail(std::move(fine.error()));
        storage::WriteUnit unit;
        auto overtaken = std::make_shared<bool>(false);
        if (also) also(unit);
        DraftStore::append_remove(unit, workspace, draft, overtaken);
        auto done = co_await state_->storage.submit(std::move(unit));
        if (done) co_return Result<void>();
        if (!*overtaken) co_return fail(std::move(done.error()));
        if (attempt + 1 == most_tries) co_return fail(busy(present->flow));
    }
    co_return no_flow(id);
}

Awaitable<Result<Applied>> Flows::publish_draft(WorkspaceId workspace, FlowId id, Principal principal, PublishDraft how,
                                                AlsoApply also) {
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto present = co_await state_->load_present(workspace, id, draft_owner(principal));
        if (!present) co_return fail(std::move(present.error()));
        const auto& flow = present->flow;
        if (!present->draft) co_return no_draft(flow);
        auto& draft = present->draft->draft;
        if (auto fine = check_match(draft, how.if_match, flow.name); !fine) co_return fail(std::move(fine.error()));
        if (!present->draft->compiled) co_return fail(invalid(std::move(draft.errors)));
        auto good = co_await state_->check_publisher(workspace, present->draft->compiled, principal);
        if (!good) co_return fail(std::move(good.error()));
        if (flow.live_version > draft.based_on && !how.force) {
            auto live = co_await state_->store.find_version(workspace, id, flow.live_version);
            if (!live) co_return fail(std::move(live.error()));
            if (!*live) co_return no_version(flow, flow.live_version);
            co_return fail(overtaken_by(flow, **live, draft.based_on));
        }
        // The flow must be as it was judged above, and the draft goes in the commit that makes it a version.
        auto overtaken = std::make_shared<bool>(false);
        AlsoApply also_remove = [&also, &draft, workspace, overtaken](storage::WriteUnit& unit, const Applied& applied) {
            if (also) also(unit, applied);
            DraftStore::append_remove(unit, workspace, draft, overtaken);
        };
        auto applied = co_await state_->change(workspace, id, std::move(present->draft->compiled), how.live, how.note, principal.id, etag_of(flow),
                                               std::move(also_remove));
        if (applied) co_return applied;
        const bool again = *overtaken || applied.error().code == ErrorCode::precondition_failed;
        if (!again) co_return applied;
        if (attempt + 1 == most_tries) co_return fail(busy(flow));
    }
    co_return no_flow(id);
}

Awaitable<Result<Flows::Runnable>> Flows::freeze_draft(WorkspaceId workspace, FlowId id, Principal principal) {
    auto present = co_await state_->load_present(workspace, id, draft_owner(principal));
    if (!present) co_return fail(std::move(present.error()));
    const auto& flow = present->flow;
    if (!present->draft) co_return no_draft(flow);
    auto& compiled = present->draft->compiled;
    if (!compiled) {
        auto error = invalid(std::move(present->draft->draft.errors));
        error.message = fmt::format("your draft of flow \"{}\" cannot be run: {}", flow.name, error.message);
        co_return fail(std::move(error));
    }
    auto good = co_await state_->check_publisher(workspace, compiled, principal);
    if (!good) co_return fail(std::move(good.error()));
    HiddenVersion version{base::dump_json(compiled->document), content_hash(compiled->document), principal.id};
    const auto now = state_->clock.now();
    auto known = co_await state_->drafts.find_hidden(workspace, id, version.content_hash, now - hidden_renewed);
    if (!known) co_return fail(std::move(known.error()));
    int number = known->value_or(0);
    if (number == 0) {
        auto frozen = co_await state_->drafts.freeze(workspace, id, std::move(version), now);
        if (!frozen) co_return fail(std::move(frozen.error()));
        number = *frozen;
    }
    state_->cache.know(flow, false);
    state_->cache.put(workspace, id, number, compiled);
    co_return Runnable{std::move(compiled), number, flow.name, flow.project, false};
}

Awaitable<Result<std::int64_t>> Flows::remove_unused_hidden() {
    constexpr int batch = 200;
    const auto before = state_->clock.now() - hidden_stays;
    std::int64_t removed = 0;
    while (true) {
        auto keys = co_await state_->drafts.unused_hidden(before, batch);
        if (!keys) co_return fail(std::move(keys.error()));
        const bool last = keys->size() < static_cast<std::size_t>(batch);
        if (!keys->empty()) {
            auto gone = co_await state_->drafts.remove_hidden(std::move(*keys), before);
            if (!gone) co_return fail(std::move(gone.error()));
            for (const auto& key : *gone) state_->cache.drop(key.workspace, key.flow, key.version);
            removed += static_cast<std::int64_t>(gone->size());
            if (gone->empty()) co_return removed;  // all wanted again at this moment: the next time
        }
        if (last) co_return removed;
    }
}

// ---- pins -----------------------------------------------------------------------------------------------------------

Awaitable<Result<std::map<std::string, Json>>> Flows::pins(WorkspaceId workspace, FlowId id) {
    auto rows = co_await state_->drafts.pins(workspace, id);
    if (!rows) co_return fail(std::move(rows.error()));
    std::map<std::string, Json> out;
    for (auto& pin : *rows) out.emplace(std::move(pin.node), std::move(pin.output));
    co_return out;
}

Awaitable<Result<std::vector<Pin>>> Flows::list_pins(WorkspaceId workspace, FlowId id) {
    auto row = co_await state_->existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    co_return co_await state_->drafts.list_pins(workspace, id);
}

Awaitable<Result<Pin>> Flows::pin(WorkspaceId workspace, FlowId id, std::string node) {
    auto row = co_await state_->existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    auto found = co_await state_->drafts.find_pin(workspace, id, node);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return no_pin(row->flow, node);
    co_return std::move(**found);
}

namespace {

tl::unexpected<Error> pin_changed(std::string_view node) {
    return fail(ErrorCode::precondition_failed,
                "the pin of node \"{}\" is not the one that If-Match names; read it again and repeat your change", node);
}

}  // namespace

Awaitable<Result<Pin>> Flows::put_pin(WorkspaceId workspace, FlowId id, std::string node, Json output, std::string by,
                                      std::optional<std::string> if_match, AlsoPin also) {
    if (!is_node_id(node))
        co_return fail(ErrorCode::invalid_argument,
                       "\"{}\" is no id for a node: 1 to 64 letters, digits, dashes or underscores, starting with a letter or underscore",
                       node.substr(0, 80));
    auto text = base::dump_json(output);
    if (text.size() > most_pin_bytes)
        co_return fail(ErrorCode::too_large, "the output has {} bytes as JSON; a pin has at most {}. Pin a shorter sample", text.size(),
                       most_pin_bytes);
    auto row = co_await state_->existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    std::string expected;
    if (if_match) {
        auto present = co_await state_->drafts.find_pin(workspace, id, node);
        if (!present) co_return fail(std::move(present.error()));
        if (!*present || !net::etag_matches(*if_match, etag_of(**present))) co_return pin_changed(node);
        expected = (*present)->content_hash;
    }
    Pin pin{std::move(node), std::move(output), text.size(), crypto::sha256_hex(text), std::move(by), state_->clock.now()};
    storage::WriteUnit unit;
    auto overtaken = std::make_shared<bool>(false);
    if (also) also(unit, pin);
    DraftStore::append_pin(unit, workspace, id, pin, std::move(text), std::move(expected), overtaken);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (*overtaken) co_return pin_changed(pin.node);
    if (!done) co_return fail(std::move(done.error()));
    co_return pin;
}

Awaitable<Result<void>> Flows::remove_pin(WorkspaceId workspace, FlowId id, std::string node,
                                          std::optional<std::string> if_match, AlsoChange also) {
    auto present = co_await pin(workspace, id, node);
    if (!present) co_return fail(std::move(present.error()));
    if (if_match && !net::etag_matches(*if_match, etag_of(*present))) co_return pin_changed(node);
    storage::WriteUnit unit;
    auto overtaken = std::make_shared<bool>(false);
    if (also) also(unit);
    DraftStore::append_unpin(unit, workspace, id, *present, overtaken);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (*overtaken && if_match) co_return pin_changed(node);
    if (!done) co_return fail(std::move(done.error()));
    co_return Result<void>();
}

}  // namespace sluice::flows
