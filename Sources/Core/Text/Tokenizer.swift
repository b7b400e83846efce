import Foundation

/// What turns text into the ids that an encoder reads.
public protocol Tokenizer: Sendable {
  /// The number of ids: every id is in `0..<vocabularySize`.
  var vocabularySize: Int { get }

  /// Hexadecimal digest of the vocabulary and of everything else that decides about ids, and of nothing more:
  /// two tokenizers with the same fingerprint give the same ids, whatever files they were read from.
  var fingerprint: String { get }

  /// The ids of `text`, or of `text` and `pair`, special tokens included.
  ///
  /// - `maxLength`: the most ids to return, special tokens included; `nil` for no limit.
  func encode(_ text: String, pair: String?, maxLength: Int?) -> TokenSequence

  /// Writes the files from which Hugging Face `transformers` makes a tokenizer with the same ids.
  ///
  /// - Throws: what the file system throws when `folder` cannot be written to.
  func write(to folder: URL) throws
}
