import DistillCore
import Foundation

/// A model that calculates in the precision of its run, whatever the precision of the calling task is.
struct EncoderInPrecision: Teacher {
  let encoder: any TextEncoder
  let precision: Precision

  var card: ModelCard { encoder.card }
  var tokenizer: any Tokenizer { encoder.tokenizer }
  var untrained: Set<Activation> { encoder.untrained }
  var innermost: any TextEncoder { (encoder as? any Teacher)?.innermost ?? encoder }

  func canAnswer(_ text: PlainText) -> Bool { (encoder as? any Teacher)?.canAnswer(text) ?? true }
  var summary: String? { (encoder as? any Teacher)?.summary }

  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    try Compute.$precision.withValue(precision) { try encoder.respond(to: batch, with: activations) }
  }

  func write(to folder: URL) throws { try encoder.write(to: folder) }
}
