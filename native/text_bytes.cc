#include "text_bytes.h"

namespace kmodctl {

namespace {

constexpr char32_t kByteMark = 0xdc00;
constexpr char32_t kFirstByte = 0xdc80, kLastByte = 0xdcff;
constexpr char32_t kReplacement = 0xfffd;

bool IsHigh(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLow(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

void AddCharacter(char32_t character, std::string *bytes) {
  const auto add = [bytes](char32_t byte) { bytes->push_back(static_cast<char>(byte)); };
  if (character < 0x80) return add(character);
  if (character < 0x800) {
    add(0xc0 | character >> 6);
  } else if (character < 0x10000) {
    add(0xe0 | character >> 12);
    add(0x80 | (character >> 6 & 0x3f));
  } else {
    add(0xf0 | character >> 18);
    add(0x80 | (character >> 12 & 0x3f));
    add(0x80 | (character >> 6 & 0x3f));
  }
  add(0x80 | (character & 0x3f));
}

} // namespace

std::string TextBytes(const Napi::Value &text) {
  const std::u16string units = text.As<Napi::String>().Utf16Value();
  std::string bytes;
  bytes.reserve(units.size());
  for (std::size_t place = 0; place < units.size(); ++place) {
    const char32_t unit = units[place];
    if (IsHigh(unit) && place + 1 < units.size() && IsLow(units[place + 1]))
      AddCharacter(0x10000 + ((unit - 0xd800) << 10) + (units[++place] - 0xdc00), &bytes);
    else if (unit >= kFirstByte && unit <= kLastByte)
      bytes.push_back(static_cast<char>(unit - kByteMark));
    else
      AddCharacter(IsHigh(unit) || IsLow(unit) ? kReplacement : unit, &bytes);
  }
  return bytes;
}

} // namespace kmodctl
