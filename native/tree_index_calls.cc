// All functions here run on the JS thread of their environment.
#include "tree_index_calls.h"

#include <cstdlib>

#include "array_reader.h"
#include "random_seed.h"
#include "tree_indexes.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

constexpr std::size_t kMostParts = 128;

ContributionPart PartOf(const Napi::Object &part, ArrayReader *reader) {
  const Napi::Object columns = reader->GetObject(part, "columns");
  ContributionPart read;
  read.rows = reader->Get<uint32_t>(columns, "rows");
  read.exports = reader->Get<uint32_t>(columns, "exports");
  read.needs = reader->Get<uint32_t>(columns, "needs");
  const Napi::Object texts = reader->GetObject(columns, "texts");
  constexpr const char *kKinds[kTextKinds] = {"0", "1", "2"};
  for (std::size_t kind = 0; kind < kTextKinds; ++kind) read.texts[kind] = reader->Get<uint8_t>(texts, kKinds[kind]);
  read.names = reader->GetTexts(reader->GetObject(part, "names"));
  return read;
}

// The column's memory becomes the buffer's. No value, as with all of these, while the environment is going away.
Value BufferOf(Napi::Env env, Column<uint8_t> *column) {
  const std::size_t size = column->size();
  if (size == 0) return Napi::Buffer<uint8_t>::New(env, 0);
  return Napi::Buffer<uint8_t>::NewOrCopy(env, column->Release(), size,
                                          [](Napi::Env, uint8_t *bytes) { std::free(bytes); });
}

Value BufferOf(Napi::Env env, EncodedIndex *index) {
  return Napi::Buffer<uint8_t>::NewOrCopy(env, index->bytes.release(), index->size,
                                          [](Napi::Env, uint8_t *bytes) { delete[] bytes; });
}

Value ArrayOf(Napi::Env env, const Column<uint32_t> &column) {
  auto array = Napi::Uint32Array::New(env, column.size());
  if (!array.IsEmpty() && column.size() > 0) std::memcpy(array.Data(), column.data(), column.size() * sizeof(uint32_t));
  return array;
}

Value AnswerOf(Napi::Env env, TreeIndexes *indexes) {
  auto answer = Napi::Object::New(env);
  answer.Set("dep", BufferOf(env, &indexes->dep));
  answer.Set("depBin", BufferOf(env, &indexes->dep_bin));
  answer.Set("alias", BufferOf(env, &indexes->alias));
  answer.Set("aliasBin", BufferOf(env, &indexes->alias_bin));
  answer.Set("softdep", BufferOf(env, &indexes->softdep));
  answer.Set("weakdep", BufferOf(env, &indexes->weakdep));
  answer.Set("symbols", BufferOf(env, &indexes->symbols));
  answer.Set("symbolsBin", BufferOf(env, &indexes->symbols_bin));
  auto devices = Napi::Object::New(env);
  devices.Set("modules", ArrayOf(env, indexes->devices.modules));
  devices.Set("aliasCounts", ArrayOf(env, indexes->devices.alias_counts));
  devices.Set("aliases", BufferOf(env, &indexes->devices.aliases));
  answer.Set("devices", devices);
  return answer;
}

// makeIndexes(names, paths, parts, limit, parallel): null where it is not done here.
Value MakeIndexes(const CallbackInfo &info) {
  const Napi::Env env = info.Env();
  ArrayReader reader;
  reader.failed = !info[0].IsObject() || !info[1].IsObject() || !info[2].IsArray() || !info[3].IsNumber() ||
                  !info[4].IsBoolean();
  TreeModules modules;
  ContributionPart parts[kMostParts];
  uint32_t count = 0;
  if (!reader.failed) {
    modules = {reader.GetTexts(info[0].As<Napi::Object>()), reader.GetTexts(info[1].As<Napi::Object>())};
    const auto list = info[2].As<Napi::Array>();
    count = list.Length();
    if (count > kMostParts) return env.Null();
    for (uint32_t index = 0; index < count && !reader.failed; ++index) {
      const Value part = list.Get(index);
      reader.failed = !part.IsObject();
      if (!reader.failed) parts[index] = PartOf(part.As<Napi::Object>(), &reader);
    }
  }
  if (reader.failed || modules.names.count != modules.paths.count) {
    Napi::TypeError::New(env, "makeIndexes(texts, texts, parts, number, boolean)").ThrowAsJavaScriptException();
    return {};
  }
  TreeContributions tree;
  if (!tree.Build(parts, count, modules.names.count, RandomSeed())) return env.Null();
  TreeIndexes indexes(modules, tree, static_cast<std::size_t>(info[3].As<Napi::Number>().Int64Value()));
  if (!indexes.Make(info[4].As<Napi::Boolean>().Value())) return env.Null();
  return AnswerOf(env, &indexes);
}

} // namespace

void ExportTreeIndexCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("makeIndexes", Napi::Function::New(env, MakeIndexes, "makeIndexes"));
}

} // namespace kmodctl
