"""The demo shop: three small web shops on loopback that our crawler scrapes, with prices that change and bad manners on request.

`goods` are what is made, `shops` who sells it, `market` what each shop offers on a day and the truth about it; `site` shows it,
`mischief` spoils it, `control` steers both. Everything follows from the seed and the day: the same ones give the same pages.
"""
