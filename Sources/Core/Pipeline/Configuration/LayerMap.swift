import DistillCore
import Foundation

/// A rule for which layer of the teacher each layer of the student learns from.
package enum LayerMap: OptionValue, Sendable, Equatable {
  /// Student layer l learns from teacher layer l·Lt/Ls, rounded to the nearest layer, for Ls student and Lt teacher layers.
  case uniform
  /// The student's layers learn from the last layers of the teacher.
  case last
  /// The student's layers learn from every second, third, … layer of the teacher, beginning with the first.
  case skip
  /// The pairs are listed one by one.
  case pairs([LayerPair])

  package static var shape: OptionShape {
    .either([.choice(["uniform", "last", "skip"]), [LayerPair].shape])
  }

  package var yaml: YAMLValue {
    switch self {
    case .uniform: .text("uniform")
    case .last: .text("last")
    case .skip: .text("skip")
    case .pairs(let pairs): pairs.yaml
    }
  }

  package init(_ node: Node, _: OptionContext) throws(Diagnostics) {
    if node.items == nil {
      let names = ["uniform": LayerMap.uniform, "last": .last, "skip": .skip]
      guard let map = node.scalar.flatMap({ names[$0.text] }) else { throw node.mismatch(Self.shape) }
      self = map
      return
    }
    let items = node.items ?? []
    guard items.isEmpty || items.contains(where: { $0.items != nil }) else {
      throw node.mismatch(Self.shape, hint: "pairs are lists in a list: [[student layer, teacher layer], ...]")
    }
    self = .pairs(try [LayerPair](node, OptionContext(range: .atLeast(1))))
  }

  /// Returns the pairs of layers for two encoders, or none if the map does not fit them. It need not fit if no loss is
  /// layer-wise.
  func pairs(student: Int, teacher: Int) -> [LayerPair] { (try? resolved(student: student, teacher: teacher)) ?? [] }

  /// Returns the pairs of layers for two encoders, ordered by the student's layer. A pair that is listed twice is returned
  /// once.
  ///
  /// - Parameters:
  ///   - student: The number of layers of the student.
  ///   - teacher: The number of layers of the teacher.
  /// - Throws: `WiringError` or `WiringErrors` with an error for each pair whose layers do not exist.
  package func resolved(student: Int, teacher: Int) throws -> [LayerPair] {
    try check(student: .known(student), teacher: .known(teacher))
    if case .pairs(let pairs) = self { return Set(pairs).sorted { $0.student < $1.student } }
    guard student <= teacher else {
      throw WiringError(
        "\(student) student layers cannot be spread over \(teacher) teacher layers",
        hint: "give `layer_map` pairs, [[student layer, teacher layer], ...]")
    }
    return (1...student).map { layer in
      switch self {
      case .last: LayerPair(student: layer, teacher: teacher - student + layer)
      case .skip: LayerPair(student: layer, teacher: 1 + (layer - 1) * (teacher / student))
      // This is l·Lt/Ls rounded to the nearest integer, in integer arithmetic.
      default: LayerPair(student: layer, teacher: (2 * layer * teacher + student) / (2 * student))
      }
    }
  }

  /// Checks listed pairs against the numbers of layers, as far as these are known.
  ///
  /// - Throws: The same errors as ``resolved(student:teacher:)``.
  func check(student: Known<Int>, teacher: Known<Int>) throws {
    guard case .pairs(let pairs) = self else { return }
    guard !pairs.isEmpty else { throw WiringError("holds no pair, and a loss is layer-wise") }
    try WiringErrors.check(
      pairs.enumerated().flatMap { index, pair in
        var errors: [WiringError] = []
        for (place, role, layer, count) in [
          (0, "student", pair.student, student.value), (1, "teacher", pair.teacher, teacher.value),
        ] {
          guard let count, layer > count else { continue }
          let message = "the pair \(pair) does not exist: the \(role) has \(count) layers"
          errors.append(WiringError(message, option: "[\(index)][\(place)]"))
        }
        if pairs[..<index].contains(where: { $0.student == pair.student && $0 != pair }) {
          errors.append(
            WiringError("student layer \(pair.student) learns from two teacher layers", option: "[\(index)][0]"))
        }
        return errors
      })
  }
}

extension LayerPair: OptionValue {
  public static var shape: OptionShape { .list(.integer) }
  public var yaml: YAMLValue { [student, teacher].yaml }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    let pair = try [Int](node, context)
    guard pair.count == 2 else {
      throw Diagnostics(Diagnostic("expected [student layer, teacher layer], found \(pair)", at: node.range))
    }
    self.init(student: pair[0], teacher: pair[1])
  }
}
