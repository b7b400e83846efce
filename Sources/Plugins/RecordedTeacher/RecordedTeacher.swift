import DistillCore
import Foundation

/// A teacher that looks its answers up by the text.
struct RecordedTeacher: Teacher {
  private let table: AnswerTable
  private let task: TaskKind
  let card: ModelCard
  let tokenizer: any Tokenizer = NoTokenizer()

  init(_ table: AnswerTable, in context: PipelineContext) {
    (self.table, task) = (table, context.task)
    card = ModelCard(readingTexts: Recorded.family, outputs: context.outputs, embeddingWidth: table.embeddingWidth)
  }

  static func file(in folder: URL) -> URL { folder.appending(path: "answers.jsonl") }

  func canAnswer(_ text: PlainText) -> Bool { table.contains(text) }

  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    guard let texts = batch.texts else {
      throw ContractError("recorded answers are found by the text, and the batch has token ids alone")
    }
    func rows(_ width: Int, _ answer: (PlainText) -> [Float]?) throws -> Tensor {
      let values = try texts.flatMap { text in
        guard let values = answer(text) else {
          throw ContractError("there is no recorded answer to \"\(text.text.prefix(80))\"")
        }
        return values
      }
      return Tensor(values, [texts.count, width])
    }
    var response = Response()
    for activation in activations {
      try card.check(activation, of: "teacher")
      if activation == .logits { response.set(activation, try rows(card.outputs, table.logits)) }
      if activation == .embedding { response.set(activation, try rows(card.embeddingWidth, table.embedding)) }
    }
    return response
  }

  func write(to folder: URL) throws { try table.write(to: Self.file(in: folder), task: task) }
}
