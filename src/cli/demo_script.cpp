#include "cli/demo_script.hpp"

#include <span>

#include <zlib.h>

#include "sluice/base/embedded.hpp"

namespace sluice::embedded {
std::span<const base::EmbeddedFile> demo();
}

namespace sluice::cli {

namespace {

void number_copies(Json& value, const std::string& mark, std::int64_t number) {
    if (value.is_structured()) {
        for (auto& member : value) number_copies(member, mark, number);
    } else if (value.is_string()) {
        auto& text = value.get_ref<std::string&>();
        if (text == mark) {
            value = number;
            return;
        }
        for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
            const bool next = text.compare(at + mark.size(), 1, "+") == 0;
            text.replace(at, mark.size() + next, std::to_string(number + next));
        }
    }
}

}  // namespace

Result<std::string> demo_file(std::string_view name) {
    for (const auto& file : embedded::demo()) {
        if (file.path != std::string(name) + ".gz") continue;
        std::string out(std::size_t{1} << 20, '\0');
        z_stream stream{};
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.content.data()));
        stream.avail_in = static_cast<uInt>(file.content.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        inflateInit2(&stream, 16 + MAX_WBITS);
        const int code = inflate(&stream, Z_FINISH);
        out.resize(stream.total_out);
        inflateEnd(&stream);
        if (code == Z_STREAM_END) return out;
    }
    return fail(ErrorCode::internal, "the demonstration's file {} is not in this binary", name);
}

Json spelled_out(const Json& value) {
    if (value.is_object()) {
        if (const auto* length = base::find_member(value, "$text")) {
            const auto piece = base::string_or(value, "of", " ");
            std::string text;
            while (text.size() < length->get<std::size_t>()) text += piece;
            return text;
        }
        Json out = Json::object();
        for (const auto& [key, member] : value.items()) out[key] = spelled_out(member);
        return out;
    }
    if (!value.is_array()) return value;
    Json out = Json::array();
    for (const auto& member : value) {
        const auto* times = base::find_member(member, "$times");
        if (times == nullptr) {
            out.push_back(spelled_out(member));
            continue;
        }
        const auto mark = "%" + base::string_or(member, "as", "k");
        for (std::int64_t copy = 0; copy < times->get<std::int64_t>(); ++copy) {
            Json one = *base::find_member(member, "of");
            number_copies(one, mark, copy);
            Json spelled = spelled_out(one);
            if (!spelled.is_array()) out.push_back(std::move(spelled));
            else for (auto& item : spelled) out.push_back(std::move(item));
        }
    }
    return out;
}

}  // namespace sluice::cli
