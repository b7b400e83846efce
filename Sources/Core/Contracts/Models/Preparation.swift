/// What a teacher is given to prepare itself.
public struct Preparation {
  public let data: TaskData
  public let trainer: any Trainer
  public let key: RandomKey

  public init(data: TaskData, trainer: any Trainer, key: RandomKey) {
    (self.data, self.trainer, self.key) = (data, trainer, key)
  }
}
