#include "sluice/vault/redactor.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "sluice/crypto/crypto.hpp"

namespace sluice::vault {

namespace {

std::uint64_t head_of(std::string_view text) {
    std::uint64_t head = 0;
    std::memcpy(&head, text.data(), sizeof head);
    return head;
}

std::uint16_t start_of(std::string_view text) {
    std::uint16_t start = 0;
    std::memcpy(&start, text.data(), sizeof start);
    return start;
}

/// The characters that `value` alone decides when it stands `before` bytes (0 to 2) after a multiple of three in what is
/// encoded as base64.
std::string base64_core(std::string_view value, std::size_t before) {
    std::string padded(before, '\0');
    padded += value;
    const std::string encoded = crypto::base64(padded);
    const std::size_t first = (before * 8 + 5) / 6, end = padded.size() * 8 / 6;
    std::string core = encoded.substr(first, end - first);
    crypto::wipe(padded);
    return core;
}

std::string with_url_alphabet(std::string text) {
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

/// RFC 3986: letters, digits and "-._~" as they are, and the characters of `kept`; the rest as %XX.
std::string percent_encoded(std::string_view value, std::string_view kept, bool lower, bool plus) {
    const std::string_view digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";
    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~").find(c) != std::string_view::npos || kept.find(c) != std::string_view::npos;
        if (plain) {
            out += c;
        } else if (plus && c == ' ') {
            out += '+';
        } else {
            out += '%';
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        }
    }
    return out;
}

/// As JSON writes it between quotes.
std::string json_escaped(std::string_view value, bool ascii, bool slashes) {
    const std::string quoted = Json(std::string(value)).dump(-1, ' ', ascii, Json::error_handler_t::replace);
    std::string out = quoted.substr(1, quoted.size() - 2);
    if (!slashes) return out;
    std::string with;
    for (const char c : out) {
        if (c == '/') with += '\\';
        with += c;
    }
    return with;
}

std::set<std::string> forms_of(std::string_view value) {
    std::set<std::string> forms{std::string(value)};
    for (std::size_t before = 0; before < 3; ++before) {
        auto core = base64_core(value, before);
        forms.insert(with_url_alphabet(core));
        forms.insert(std::move(core));
    }
    for (const bool lower : {false, true})
        for (const bool plus : {false, true})
            for (const auto* kept : {"", "/", "!$&'()*+,;=:@/"}) forms.insert(percent_encoded(value, kept, lower, plus));
    for (const bool ascii : {false, true})
        for (const bool slashes : {false, true}) {
            auto once = json_escaped(value, ascii, slashes);
            forms.insert(json_escaped(once, false, false));  // JSON as a text in JSON
            forms.insert(std::move(once));
        }
    forms.insert(crypto::hex(value));
    return forms;
}

}  // namespace

Redactor::Redactor(const std::vector<std::pair<std::string, std::string_view>>& secrets) {
    for (const auto& [name, value] : secrets) {
        if (value.size() < shortest_redacted) continue;
        const auto index = static_cast<std::uint32_t>(marks_.size());
        marks_.push_back("[secret:" + name + "]");
        for (const auto& form : forms_of(value)) add(form, index);
    }
    for (auto& [head, list] : heads_)
        std::stable_sort(list.begin(), list.end(),
                         [this](std::uint32_t a, std::uint32_t b) { return forms_[a].bytes.size() > forms_[b].bytes.size(); });
}

Redactor::~Redactor() {
    for (auto& form : forms_) crypto::wipe(form.bytes);
}

void Redactor::add(std::string bytes, std::uint32_t secret) {
    if (bytes.size() < shortest_redacted) return;
    starts_.set(start_of(bytes));
    heads_[head_of(bytes)].push_back(static_cast<std::uint32_t>(forms_.size()));
    forms_.push_back({std::move(bytes), secret});
}

const Redactor::Form* Redactor::match(std::string_view rest) const {
    if (!starts_.test(start_of(rest))) return nullptr;
    const auto found = heads_.find(head_of(rest));
    if (found == heads_.end()) return nullptr;
    for (const auto index : found->second)
        if (rest.starts_with(forms_[index].bytes)) return &forms_[index];
    return nullptr;
}

std::string Redactor::redact(std::string_view text) const {
    std::string out;
    std::size_t kept = 0;
    for (std::size_t at = 0; !forms_.empty() && at + shortest_redacted <= text.size();) {
        const Form* form = match(text.substr(at));
        if (form == nullptr) {
            ++at;
            continue;
        }
        out.append(text, kept, at - kept);
        out += marks_[form->secret];
        at += form->bytes.size();
        kept = at;
    }
    out.append(text, kept);
    return out;
}

bool Redactor::touches(std::string_view text) const {
    for (std::size_t at = 0; !forms_.empty() && at + shortest_redacted <= text.size(); ++at)
        if (match(text.substr(at)) != nullptr) return true;
    return false;
}

bool Redactor::redact(Json& value) const {
    if (forms_.empty()) return false;
    if (value.is_string()) {
        auto& text = value.get_ref<std::string&>();
        if (!touches(text)) return false;
        text = redact(std::string_view(text));
        return true;
    }
    if (value.is_number()) {
        const std::string text = base::dump_json(value);
        if (!touches(text)) return false;
        value = redact(std::string_view(text));
        return true;
    }
    bool changed = false;
    if (value.is_array())
        for (auto& item : value) changed |= redact(item);
    if (!value.is_object()) return changed;
    bool names = false;
    for (auto& [name, member] : value.get_ref<Json::object_t&>()) {
        names |= touches(name);
        changed |= redact(member);
    }
    if (!names) return changed;
    Json renamed = Json::object();
    for (auto& [name, member] : value.get_ref<Json::object_t&>()) renamed[redact(std::string_view(name))] = std::move(member);
    value = std::move(renamed);
    return true;
}

void Redactor::redact(Error& error) const {
    if (forms_.empty()) return;
    error.message = redact(std::string_view(error.message));
    for (auto& detail : error.details) {
        detail.pointer = redact(std::string_view(detail.pointer));
        detail.message = redact(std::string_view(detail.message));
    }
}

}  // namespace sluice::vault
