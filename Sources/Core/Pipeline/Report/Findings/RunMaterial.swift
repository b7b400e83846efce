import DistillCore
import Foundation

/// What a run was made of, and what it cost.
package struct RunMaterial: Sendable, Codable {
  package struct File: Sendable, Codable {
    package let name: String
    package let sha256: String
  }
  package struct Texts: Sendable, Codable {
    package let name: String
    package let count: Int
    /// The number of texts that are longer than `max_length` tokens, of which the rest was cut off.
    package let truncated: Int
    /// The number of texts that are there a second time.
    package let duplicates: Int
    /// The number of texts that are among the training texts, too.
    package let inTraining: Int
  }

  package let seed: Int
  package let precision: String
  package let threads: Int
  /// The seconds of each stage, and the memory in bytes that was in use at most.
  package let seconds: [String: Double]
  package let peakMemory: Int?
  package let texts: [Texts]
  package let files: [File]
  /// The pipeline with every default written out.
  package let pipeline: String

  init(_ record: RunRecord, pipeline: String, texts: TaskTexts, tokenizer: any Tokenizer, maximumLength: Int) {
    (seed, threads, seconds) = (record.seed, record.threads, record.seconds)
    (peakMemory, self.pipeline) = (record.peakMemory, pipeline)
    let facts = record.provenance.entries
    precision = facts["arithmetic.precision"] ?? "float32"
    files = facts.filter { $0.key.hasPrefix("files.") || $0.value.count == 64 && $0.key.hasPrefix("texts.") }.sorted {
      $0.key < $1.key
    }.map {
      File(name: $0.key, sha256: $0.value)
    }
    func content(_ example: Example) -> [String?] { [example.text, example.pair] }
    let training = Set(texts.training.map(content))
    func described(_ name: String, _ examples: [Example]) -> Texts {
      let different = Set(examples.map(content))
      let longer = examples.count { example in
        tokenizer.encode(example.text, pair: example.pair, maxLength: maximumLength + 1).ids.count > maximumLength
      }
      return Texts(
        name: name, count: examples.count, truncated: longer,
        duplicates: examples.count - different.count,
        inTraining: name == "training" ? 0 : different.intersection(training).count)
    }
    self.texts = [
      ("training", texts.training), ("unlabelled", texts.unlabelled),
      ("held out", texts.heldOutForEpochs + texts.heldOutForChoices), ("validation", texts.validation ?? []),
    ].filter { !$0.1.isEmpty }.map(described)
  }
}
