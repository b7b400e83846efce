import DistillCore
import DistillKnowledge
import DistillTraining
import Foundation

/// What a program needs that keeps a run open and answers many callers, such as the HTTP server.
extension FinishedRun {
  /// The name of the run, as its pipeline gives it.
  public var name: String { record.name }
  /// Whether each example of the task has two texts.
  public var hasPairs: Bool { task.hasPairs }
  /// The largest number of tokens of an example, special ones included. What is longer is cut.
  public var maximumLength: Int { options.task.maximumLength }

  /// Everything in the knowledge base that was opened with the run, in the order of the numbers.
  public var knownEntries: [KnowledgeEntry] { entries.values.sorted { $0.id < $1.id } }

  /// Returns the files of a run that are replaced when it answers differently from then on: its record, the list of the changes of its
  /// knowledge base, and the choice of a readout. A program that keeps a run open opens it anew when one of them is another than before.
  ///
  /// - Parameter folder: The folder of the run. The files need not exist.
  public static func changingFiles(in folder: URL) -> [URL] {
    let folder = RunFolder(folder)
    return [
      folder.record, KnowledgeLog.manifest(in: folder.knowledgeBase), ReadoutFolder(url: folder.readouts).chosenFile,
    ]
  }

  /// Returns the token ids of an example, cut to ``maximumLength``.
  ///
  /// - Parameter example: The example. Its line and its answer do not matter.
  public func sequence(of example: Example) -> TokenSequence {
    student.tokenizer.encode(example.text, pair: example.pair, maxLength: maximumLength)
  }

  /// Returns the answers to token ids, in their order. All of them are one packed batch, so that the caller decides how much is
  /// calculated at once.
  ///
  /// - Parameter sequences: Results of ``sequence(of:)``.
  /// - Throws: `ContractError` if a sequence is longer than the student can read.
  public func predict(_ sequences: [TokenSequence]) throws -> [Prediction] {
    if sequences.isEmpty { return [] }
    return try predict(EncodedDataset(sequences: sequences, targets: nil), batchSize: sequences.count)
  }

  /// Returns the student's own embeddings of token ids [B, D], in their order. They are not scaled.
  ///
  /// - Parameter sequences: Results of ``sequence(of:)``, at least one. All of them are one packed batch.
  /// - Throws: `ContractError` if there are none, or if a sequence is longer than the student can read.
  public func embeddings(_ sequences: [TokenSequence]) throws -> Matrix {
    let data = EncodedDataset(sequences: sequences, targets: nil)
    return Matrix(try answers(of: student, to: data, with: [.embedding], batchSize: max(1, data.count))[.embedding])
  }
}
