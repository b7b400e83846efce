import DistillFormats
import DistillText
import DistillWordPiece
import Foundation

/// A tokenizer made of the steps that a `tokenizer.json` lists, which gives the same ids as Hugging Face `tokenizers`.
///
/// A text is divided at added tokens and normalised, and divided at those added tokens that are searched in normalised
/// text. The parts between them are split into words, the model gives the ids of each word, and the template puts
/// special tokens around them.
struct PipelineTokenizer: Tokenizer {
  enum Model: Sendable {
    case bytePair(BytePairModel)
    case unigram(UnigramModel)
    case wordPiece(WordPieceModel)
  }
  let vocabularySize: Int
  let fingerprint: String
  /// The names and contents of the files that it was read from.
  let files: [(name: String, content: [UInt8])]
  private let normalizers: [NormalizerStep]
  private let preTokenizers: [PreTokenizerStep]
  private let model: Model
  private let template: SequenceTemplate
  private let added: AddedTokenMatcher
  private let addedNormalized: AddedTokenMatcher
  private let workspaces = Workspaces()

  private static let plainTable = ScalarTable(
    Normalization(lowercase: false, stripAccents: false, spaceIdeographs: false))

  init(_ parts: Parts, fingerprint: String, files: [(name: String, content: [UInt8])]) {
    vocabularySize = parts.vocabularySize
    self.fingerprint = fingerprint
    self.files = files
    normalizers = parts.normalizers
    preTokenizers = parts.preTokenizers
    model = parts.model
    template = parts.template
    // Of two tokens that look the same in normalised text, the reference finds the special one.
    let tokens = parts.addedTokens.filter(\.special) + parts.addedTokens.filter { !$0.special }
    added = AddedTokenMatcher(
      tokens.filter { !$0.normalized }.map { (Array($0.content.utf8), $0) }, table: Self.plainTable)
    addedNormalized = AddedTokenMatcher(
      tokens.filter(\.normalized).map { token in
        var space = Workspace()
        space.text = Array(token.content.utf8)
        Self.normalize(&space, parts.normalizers)
        return (space.text, token)
      }, table: Self.plainTable)
  }

  func encode(_ text: String, pair: String?, maxLength: Int?) -> TokenSequence {
    workspaces.with { space in
      space.ids.removeAll(keepingCapacity: true)
      append(text, &space)
      let count = space.ids.count
      if let pair { append(pair, &space) }
      return template.apply(space.ids, first: count, isPair: pair != nil, maxLength: maxLength)
    }
  }

  /// Appends the ids of a text without special tokens around it.
  private func append(_ text: String, _ space: inout Workspace) {
    space.raw.removeAll(keepingCapacity: true)
    space.raw.append(contentsOf: text.utf8)
    let raw = space.raw
    added.split(raw, raw.indices) { id, part in
      if let id {
        space.ids.append(id)
        return
      }
      space.text.removeAll(keepingCapacity: true)
      space.text += raw[part]
      space.keepsBeginning = part.lowerBound == 0
      Self.normalize(&space, normalizers)
      let normalized = space.text
      addedNormalized.split(normalized, normalized.indices) { id, part in
        if let id {
          space.ids.append(id)
        } else {
          appendWords(normalized, part, &space)
        }
      }
    }
  }

  private static func normalize(_ space: inout Workspace, _ steps: [NormalizerStep]) {
    for step in steps {
      space.nextText.removeAll(keepingCapacity: true)
      let keepsBeginning = step.apply(space.text, into: &space.nextText)
      space.keepsBeginning = space.keepsBeginning && keepsBeginning
      swap(&space.text, &space.nextText)
    }
  }

  /// Appends the ids of the words that a part without added tokens is split into.
  private func appendWords(_ text: [UInt8], _ part: Range<Int>, _ space: inout Workspace) {
    space.text = text
    space.words.removeAll(keepingCapacity: true)
    space.words.append(part)
    for step in preTokenizers { step.apply(&space) }
    let text = space.text
    for word in space.words {
      guard word.count <= WordCache.Key.longest else {
        appendPieces(word, &space)
        continue
      }
      let key = WordCache.Key(text, word)
      if space.cache.append(key, to: &space.ids) { continue }
      let count = space.ids.count
      appendPieces(word, &space)
      space.cache.insert(key, space.ids[count...])
    }
  }

  private func appendPieces(_ word: Range<Int>, _ space: inout Workspace) {
    switch model {
    case .bytePair(let model): model.append(space.text, word, &space.merging, to: &space.ids)
    case .unigram(let model): model.append(space.text, word, &space.lattice, to: &space.ids)
    case .wordPiece(let model): model.append(space.text, word, to: &space.ids)
    }
  }

  /// Writes the files that it was read from, each of them atomically.
  func write(to folder: URL) throws {
    try FileSystem.makeFolder(folder)
    for (name, content) in files {
      try AtomicFile.write(Data(content), to: folder.appendingPathComponent(name))
    }
  }
}
