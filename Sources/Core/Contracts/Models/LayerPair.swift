/// A layer of the student and the layer of the teacher that it learns from. Layers count from 1.
public struct LayerPair: Hashable, Sendable, CustomStringConvertible {
  public let student: Int
  public let teacher: Int

  public init(student: Int, teacher: Int) { (self.student, self.teacher) = (student, teacher) }
  public var description: String { "\(student) ← \(teacher)" }
}
