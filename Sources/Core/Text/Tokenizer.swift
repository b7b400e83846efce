import Foundation

/// A type that turns text into the ids that an encoder reads.
public protocol Tokenizer: Sendable {
  /// The number of ids. Every id is in `0..<vocabularySize`.
  var vocabularySize: Int { get }

  /// A hexadecimal digest of the vocabulary and of everything else that affects the ids, and of nothing else.
  ///
  /// Two tokenizers with the same fingerprint give the same ids, whatever files they were read from.
  var fingerprint: String { get }

  /// Returns the ids of `text`, or of `text` and `pair`, including special tokens.
  ///
  /// - `maxLength`: The largest number of ids to return, including special tokens, or `nil` for no limit.
  func encode(_ text: String, pair: String?, maxLength: Int?) -> TokenSequence

  /// Writes the files from which Hugging Face `transformers` makes a tokenizer that gives the same ids.
  ///
  /// - Throws: The file system's error if `folder` cannot be written.
  func write(to folder: URL) throws
}
